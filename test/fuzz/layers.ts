import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { unzipSync, zipSync } from 'fflate';
import { readZip, writeZip } from '../../dist/tensor/zip.js';

/** Takes a format's wrapping off, and puts it on again with its checksums, so that changes reach what is inside. */
export interface Layer {
  /** The parts of a whole file, by name. Throws if the file is not whole. */
  open(bytes: Buffer): Map<string, Buffer>;
  close(parts: ReadonlyMap<string, Buffer>): Buffer;
}

/** PyTorch's archives. */
export const ptLayer: Layer = { open: readZip, close: writeZip };

export const zipLayer: Layer = {
  open: (bytes) =>
    new Map(Object.entries(unzipSync(bytes)).map(([name, part]) => [name, Buffer.from(part)])),
  close: (parts) => Buffer.from(zipSync(Object.fromEntries(parts))),
};

/** One part; also of files that are not compressed. */
export const gzipLayer: Layer = {
  open: (bytes) => new Map([['content', bytes[0] === 0x1f ? gunzipSync(bytes) : bytes]]),
  close: (parts) => gzipSync(parts.get('content')!),
};

const MAT_HEADER = 128;

/** MATLAB's compressed elements. */
export const matLayer: Layer = {
  open(bytes) {
    const parts = new Map([['header', bytes.subarray(0, MAT_HEADER)]]);
    for (let position = MAT_HEADER; position + 8 <= bytes.length; ) {
      const end = position + 8 + bytes.readUInt32LE(position + 4);
      parts.set(`element ${position}`, inflateSync(bytes.subarray(position + 8, end)));
      position = end;
    }
    return parts;
  },
  close(parts) {
    return Buffer.concat(
      [...parts].flatMap(([name, part]) => {
        if (name === 'header') return [part];
        const packed = deflateSync(part);
        const tag = Buffer.alloc(8);
        tag.writeUInt32LE(15, 0);
        tag.writeUInt32LE(packed.length, 4);
        return [tag, packed];
      }),
    );
  },
};

const BLOCK = 512;

/** Tar files' headers carry a sum of their bytes (POSIX.1-2017, pax: ustar interchange format). */
export const tarLayer: Layer = {
  open: (bytes) => gzipLayer.open(bytes),
  close(parts) {
    const bytes = Buffer.from(parts.get('content')!);
    for (let start = 0; start + BLOCK <= bytes.length; start += BLOCK) {
      const header = bytes.subarray(start, start + BLOCK);
      if (header.toString('latin1', 257, 262) !== 'ustar') continue;
      header.fill(' ', 148, 156);
      const sum = header.reduce((total, byte) => total + byte, 0);
      header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    }
    return bytes;
  },
};

import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { type UnzipFileInfo, unzipSync, zipSync } from 'fflate';
import { readZip, writeZip } from '../../dist/tensor/zip.js';

/** Takes a format's wrapping off, and puts it on again with its checksums, so that changes reach what is inside. */
export interface Layer {
  /** The parts of a whole file, by name. Throws if the file is not whole. */
  open(bytes: Buffer): Map<string, Buffer>;
  close(parts: ReadonlyMap<string, Buffer>): Buffer;
}

/** No part of a seed is so long. */
const LARGEST_PART = 2 ** 20;

const inflating = { maxOutputLength: LARGEST_PART };

/** PyTorch's archives. */
export const ptLayer: Layer = { open: readZip, close: writeZip };

/** Archives that a mutation has not damaged: this reader trusts what they claim. */
export const zipLayer: Layer = {
  open: (bytes) => new Map(Object.entries(unzipSync(bytes, { filter: isSmall })).map(asBuffer)),
  close: (parts) => Buffer.from(zipSync(Object.fromEntries(parts))),
};

const asBuffer = ([name, part]: [string, Uint8Array]): [string, Buffer] => [
  name,
  Buffer.from(part),
];

function isSmall({ size, originalSize }: UnzipFileInfo): boolean {
  if (Math.max(size, originalSize) < LARGEST_PART) return true;
  throw new Error('the archive claims too much');
}

/** One part; also of files that are not compressed. */
export const gzipLayer: Layer = {
  open: (bytes) => new Map([['content', bytes[0] === 0x1f ? gunzipSync(bytes, inflating) : bytes]]),
  close: (parts) => gzipSync(parts.get('content')!),
};

const MAT_HEADER = 128;

/** MATLAB's compressed elements. */
export const matLayer: Layer = {
  open(bytes) {
    const parts = new Map([['header', bytes.subarray(0, MAT_HEADER)]]);
    for (let position = MAT_HEADER; position + 8 <= bytes.length; ) {
      const end = position + 8 + bytes.readUInt32LE(position + 4);
      parts.set(`element ${position}`, inflateSync(bytes.subarray(position + 8, end), inflating));
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

/** Tar files' headers (POSIX.1-2017, pax: ustar interchange format), and what follows each. */
export const tarLayer: Layer = {
  open(bytes) {
    const parts = new Map<string, Buffer>();
    let start = 0;
    while (bytes[start] !== 0 && start + BLOCK <= bytes.length) {
      const size = Number.parseInt(bytes.toString('latin1', start + 124, start + 135), 8);
      const content = start + BLOCK;
      parts.set(`header ${start}`, bytes.subarray(start, content));
      parts.set(`content ${start} ${size}`, bytes.subarray(content, content + size));
      start = content + Math.ceil(size / BLOCK) * BLOCK;
    }
    return parts.set('end', bytes.subarray(start));
  },
  close(parts) {
    let header = Buffer.alloc(0);
    const blocks = [...parts].map(([name, part]) => {
      if (name === 'end') return part;
      const block = Buffer.concat([part], Math.ceil(part.length / BLOCK) * BLOCK);
      if (name.startsWith('header')) header = block.subarray(0, BLOCK);
      else sum(header, name.endsWith(` ${part.length}`) ? undefined : part.length);
      return block;
    });
    return Buffer.concat(blocks);
  },
};

/** Sets a header's size, where the content has another than it had, and the sum of its bytes. */
function sum(header: Buffer, size: number | undefined): void {
  if (header.length < BLOCK) return;
  if (size !== undefined) header.write(`${size.toString(8).padStart(11, '0')} `, 124, 'latin1');
  header.fill(' ', 148, 156);
  const bytes = header.reduce((total, byte) => total + byte, 0);
  header.write(`${bytes.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}

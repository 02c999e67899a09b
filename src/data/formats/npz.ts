import { crc32 } from 'node:zlib';
import { zipSync } from 'fflate';
import { fromBufferPromise, type ZipFile } from 'yauzl';
import { messageOf } from '../../core/errors.js';
import { encodeNpy, type NumpyArray, type NumpyTexts, parseNumpy } from './npy.js';
import { largestFile } from './read-file.js';
import { requireRoom } from './unpacked-size.js';

/**
 * The arrays of NumPy's .npz format (a zip archive of .npy files) by name, without `.npy`.
 *
 * @param wanted names to read; others are left out without being unpacked.
 * @throws Error saying what is wrong.
 */
export async function parseNpz(
  bytes: Buffer,
  wanted: (name: string) => boolean = () => true,
): Promise<Map<string, NumpyArray | NumpyTexts>> {
  const zip = await fromBufferPromise(bytes, { strictFileNames: true });
  const arrays = new Map<string, NumpyArray | NumpyTexts>();
  let unpacked = 0;
  for await (const entry of zip.eachEntry()) {
    const name = entry.fileName.replace(/\.npy$/, '');
    if (!wanted(name)) continue;
    if (arrays.has(name)) throw new Error(`it holds two arrays named '${name}'`);
    unpacked += entry.uncompressedSize;
    if (entry.uncompressedSize > largestFile) {
      throw new Error(
        `its array '${name}' takes ${entry.uncompressedSize} bytes; expected at most 2 GiB`,
      );
    }
    requireRoom(`with '${name}', its arrays take`, unpacked, bytes.length);
    const content = await inflate(zip, entry);
    if (crc32(content) !== entry.crc32) throw new Error(`its array '${name}' is damaged`);
    try {
      arrays.set(name, parseNumpy(content));
    } catch (cause) {
      throw new Error(`its array '${name}': ${messageOf(cause)}`, { cause });
    }
  }
  return arrays;
}

type Entry = Parameters<ZipFile['openReadStreamPromise']>[0];

/** yauzl ends the stream with an error when more bytes come than the entry announces. */
async function inflate(zip: ZipFile, entry: Entry): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of await zip.openReadStreamPromise(entry)) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** A .npz archive, compressed, that NumPy's `load` reads. */
export function encodeNpz(arrays: ReadonlyMap<string, NumpyArray>): Uint8Array {
  const files = [...arrays].map(([name, array]) => [`${name}.npy`, encodeNpy(array)] as const);
  // The same arrays give the same bytes.
  return zipSync(Object.fromEntries(files), { mtime: new Date(1980, 0, 1) });
}

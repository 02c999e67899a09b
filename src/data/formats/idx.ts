import { promisify } from 'node:util';
import { constants, gunzip as gunzipWithCallback } from 'node:zlib';
import { messageOf, UsageError } from '../../core/errors.js';
import type { ImageShape } from '../../core/image-shape.js';
import { largestFile, parsing, readWholeFile } from './read-file.js';
import { requireRoom } from './unpacked-size.js';

// The IDX format (http://yann.lecun.com/exdb/mnist/), big-endian:
//   bytes 0-1  zero
//   byte 2     type of the values (0x08: unsigned byte)
//   byte 3     number of dimensions
//   bytes 4-   size of each dimension, 4 bytes each
//   then the values, last dimension fastest

const gunzip = promisify(gunzipWithCallback);

const valueTypes: Readonly<Record<number, string>> = {
  8: 'unsigned byte',
  9: 'signed byte',
  11: '16-bit integer',
  12: '32-bit integer',
  13: '32-bit float',
  14: '64-bit float',
};
const unsignedByte = 0x08;

/** Packed bytes that hold any header: four bytes, and four for each of at most 255 dimensions. */
const lookedAt = 4096;

const remedy = 'download it again';

export interface IdxArray {
  readonly dimensions: readonly number[];
  /** As many as the product of the dimensions, last dimension fastest. */
  readonly values: Uint8Array;
}

export interface IdxPair {
  readonly shape: ImageShape;
  /** [n, 1, height, width] */
  readonly pixels: Uint8Array;
  /** [n] */
  readonly labels: Uint8Array;
}

/**
 * Reads an IDX file of unsigned bytes, plain or gzip-compressed (told by its content, not its name).
 * No more is decompressed than the header announces: at most 2 GiB, and what memory has room for.
 *
 * @throws UsageError naming the file and the field, if it can't be read, is damaged, or its length
 *   is not exactly what its header announces.
 */
export async function readIdx(path: string): Promise<IdxArray> {
  const stored = await readWholeFile(path);
  return parsing(path, () => parseIdx(stored));
}

async function parseIdx(stored: Buffer): Promise<IdxArray> {
  const compressed = stored[0] === 0x1f && stored[1] === 0x8b;
  const header = parseHeader(compressed ? await decompressStart(stored) : stored);
  if (compressed) requireRoom('the header announces', header.fileLength, stored.length);
  const content = compressed ? await decompress(stored, header) : stored;
  if (content.length !== header.fileLength) throw wrongLength(header, content.length);
  const values = new Uint8Array(
    content.buffer,
    content.byteOffset + header.length,
    content.length - header.length,
  );
  return { dimensions: header.dimensions, values };
}

/**
 * Reads a file of images [n, height, width] and the file of their labels [n].
 *
 * @throws UsageError as `readIdx`, or if the dimensions or the two counts don't fit.
 */
export async function readIdxPair(paths: {
  readonly images: string;
  readonly labels: string;
}): Promise<IdxPair> {
  const [images, labels] = await Promise.all([readIdx(paths.images), readIdx(paths.labels)]);
  checkDimensionCount(paths.images, images, 3, 'images, rows, columns');
  checkDimensionCount(paths.labels, labels, 1, 'labels');
  const [count, height, width] = images.dimensions as [number, number, number];
  if (count !== labels.values.length) {
    throw new UsageError(
      `${paths.images} holds ${count} images, but ${paths.labels} holds ${labels.values.length} ` +
        'labels; expected one label per image: take both files from the same download',
    );
  }
  return { shape: { channels: 1, height, width }, pixels: images.values, labels: labels.values };
}

interface IdxHeader {
  readonly dimensions: readonly number[];
  /** In bytes: the header alone, and the whole (decompressed) file. */
  readonly length: number;
  readonly fileLength: number;
}

function parseHeader(bytes: Buffer): IdxHeader {
  requireBytes(bytes, 4);
  const magic = bytes.readUInt16BE(0);
  if (magic !== 0) {
    throw new Error(
      `bytes 0-1 are ${hex(magic, 4)}; expected 0x0000, as in every IDX file; ${remedy}`,
    );
  }
  const type = bytes.readUInt8(2);
  if (type !== unsignedByte) {
    const name = valueTypes[type] ?? 'unknown';
    throw new Error(
      `byte 2 (the type of the values) is ${hex(type, 2)} (${name}); expected 0x08 (unsigned byte): ` +
        'store images and labels as unsigned bytes',
    );
  }
  const dimensionCount = bytes.readUInt8(3);
  if (dimensionCount === 0) {
    throw new Error(`byte 3 (the number of dimensions) is 0; expected at least 1; ${remedy}`);
  }
  const length = 4 + 4 * dimensionCount;
  requireBytes(bytes, length);
  const dimensions = Array.from({ length: dimensionCount }, (_, axis) =>
    bytes.readUInt32BE(4 + 4 * axis),
  );
  return { dimensions, length, fileLength: length + countValues(dimensions) };
}

function countValues(dimensions: readonly number[]): number {
  let count = 1;
  for (const [axis, size] of dimensions.entries()) {
    count *= size;
    if (size > 0 && count <= largestFile) continue;
    const field = `bytes ${4 + 4 * axis}-${7 + 4 * axis} (the size of dimension ${axis})`;
    const expected = size === 0 ? 'at least 1' : 'at most 2 GiB of values in all';
    throw new Error(`${field} are ${size}; expected ${expected}: the header is damaged; ${remedy}`);
  }
  return count;
}

function requireBytes(bytes: Buffer, needed: number): void {
  if (bytes.length >= needed) return;
  throw new Error(
    `the file is truncated: it ends at byte ${bytes.length}, within its header; ` +
      `expected at least ${needed} bytes; ${remedy}`,
  );
}

/** Enough of the file for its header, because nothing bounds the rest yet. */
async function decompressStart(stored: Buffer): Promise<Buffer> {
  try {
    return await gunzip(stored.subarray(0, lookedAt), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (cause) {
    throw damagedArchive(cause);
  }
}

async function decompress(stored: Buffer, header: IdxHeader): Promise<Buffer> {
  try {
    return await gunzip(stored, { maxOutputLength: header.fileLength });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw wrongLength(header, Number.POSITIVE_INFINITY);
    throw damagedArchive(cause);
  }
}

function damagedArchive(cause: unknown): Error {
  return new Error(
    `the gzip data is truncated or damaged (${messageOf(cause)}); expected one whole .gz file; ${remedy}`,
    { cause },
  );
}

function wrongLength(header: IdxHeader, found: number): Error {
  const problem = found < header.fileLength ? 'truncated' : 'longer than its header says';
  const amount = Number.isFinite(found) ? `${found}` : 'more';
  return new Error(
    `the file is ${problem}: expected ${header.fileLength} bytes ` +
      `(a header of ${header.length}, then ${header.dimensions.join(' × ')} values), found ${amount}; ${remedy}`,
  );
}

function checkDimensionCount(
  path: string,
  { dimensions }: IdxArray,
  expected: number,
  meaning: string,
): void {
  if (dimensions.length === expected) return;
  throw new UsageError(
    `${path}: byte 3 (the number of dimensions) is ${dimensions.length}; expected ${expected} ` +
      `(${meaning}): check that the image and label files are not swapped`,
  );
}

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

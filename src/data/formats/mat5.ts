import { constants, inflateSync } from 'node:zlib';
import { largestFile } from './read-file.js';
import { requireRoom } from './unpacked-size.js';

// MATLAB's MAT-file format, level 5 (MathWorks' "MAT-File Format", chapter 1): a header of 128 bytes, then elements of
// a tag (type and length, 4 bytes each) and data padded to 8 bytes. Short elements have type, length and data in 8.

const headerLength = 128;
const matrixType = 14;
const compressedType = 15;

/** Bytes of a compressed element that are unpacked to see what it states. */
const lookedAt = 4096;

/** More than any array of images has. */
const mostDimensions = 32;

/** Real arrays of these classes are read: double, single, and the integers. */
const numericClasses: ReadonlySet<number> = new Set([6, 7, 8, 9, 10, 11, 12, 13]);

const readers: Readonly<Record<number, readonly [size: number, read: keyof Buffer]>> = {
  1: [1, 'readInt8'],
  2: [1, 'readUInt8'],
  3: [2, 'readInt16LE'],
  4: [2, 'readUInt16LE'],
  5: [4, 'readInt32LE'],
  6: [4, 'readUInt32LE'],
  7: [4, 'readFloatLE'],
  9: [8, 'readDoubleLE'],
};

/** A real array, column-major: the first index is the fastest. */
export interface MatArray {
  readonly shape: readonly number[];
  /** Bytes for arrays of bytes. */
  readonly values: Uint8Array | Float64Array;
}

interface Element {
  readonly type: number;
  readonly data: Buffer;
  /** Where the next element begins. */
  readonly next: number;
}

/**
 * The real numeric arrays of a file by name; cells, structures and texts are left out.
 *
 * @throws Error saying what is wrong.
 */
export function parseMat(bytes: Buffer): Map<string, MatArray> {
  if (bytes.length < headerLength)
    throw new Error('it is cut short within its header of 128 bytes');
  if (bytes.toString('latin1', 126, 128) !== 'IM') {
    throw new Error(
      "this is no little-endian MAT file of level 5; expected 'IM' at byte 126 (save it with -v6 or -v7)",
    );
  }
  const arrays = new Map<string, MatArray>();
  let unpacked = 0;
  for (let position = headerLength; position < bytes.length; ) {
    const element = readElement(bytes, position);
    position = element.next;
    let matrix = element;
    if (element.type === compressedType) {
      const stated = statedLength(element.data);
      unpacked += stated;
      requireRoom('its arrays take', unpacked, bytes.length);
      if (stated > largestFile) {
        throw new Error(`an array takes ${stated} bytes; expected at most 2 GiB`);
      }
      matrix = readElement(decompress(element.data, stated), 0);
    }
    if (matrix.type !== matrixType) continue;
    const array = readMatrix(matrix.data);
    if (array !== undefined) arrays.set(array.name, array);
  }
  return arrays;
}

function readElement(bytes: Buffer, position: number): Element {
  if (position + 8 > bytes.length) throw new Error(`it is cut short at byte ${bytes.length}`);
  const word = bytes.readUInt32LE(position);
  const short = word >>> 16;
  if (short > 0) {
    if (short > 4) throw new Error(`the short element at byte ${position} claims ${short} bytes`);
    const data = bytes.subarray(position + 4, position + 4 + short);
    return { type: word & 0xffff, data, next: position + 8 };
  }
  const length = bytes.readUInt32LE(position + 4);
  const start = position + 8;
  if (start + length > bytes.length) {
    throw new Error(
      `the element at byte ${position} claims ${length} bytes, ${bytes.length - start} follow`,
    );
  }
  // Compressed elements are not padded.
  const next = word === compressedType ? start + length : start + Math.ceil(length / 8) * 8;
  return { type: word, data: bytes.subarray(start, start + length), next };
}

/** What an element comes to by its own tag and padding. Deflate can't make more than about 1,000 bytes of one. */
function statedLength(data: Buffer): number {
  let start: Buffer;
  try {
    const finishFlush = constants.Z_SYNC_FLUSH;
    start = inflateSync(data.subarray(0, lookedAt), { finishFlush });
  } catch (cause) {
    throw damagedElement(data, String(cause));
  }
  if (start.length < 8) throw damagedElement(data, 'it has no tag');
  return 8 + Math.ceil(start.readUInt32LE(4) / 8) * 8;
}

function decompress(data: Buffer, stated: number): Buffer {
  try {
    return inflateSync(data, { maxOutputLength: stated });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const longer = `it comes to more than the ${stated} bytes that it states`;
    throw damagedElement(data, code === 'ERR_BUFFER_TOO_LARGE' ? longer : String(cause));
  }
}

function damagedElement(data: Buffer, reason: string): Error {
  return new Error(`a compressed element of ${data.length} bytes is damaged (${reason})`);
}

function readMatrix(data: Buffer): (MatArray & { name: string }) | undefined {
  const flags = readElement(data, 0);
  if (flags.data.length < 8) throw new Error('an array has no flags');
  const word = flags.data.readUInt32LE(0);
  const [kind, complex] = [word & 0xff, (word & 0x0800) !== 0];
  const dimensions = readElement(data, flags.next);
  const name = readElement(data, dimensions.next);
  if (!numericClasses.has(kind) || complex) return undefined;
  const shape = Array.from({ length: Math.floor(dimensions.data.length / 4) }, (_, axis) =>
    dimensions.data.readInt32LE(4 * axis),
  );
  if (shape.length < 2 || shape.length > mostDimensions || shape.some((size) => size < 0)) {
    throw new Error('an array has no proper dimensions');
  }
  const title = name.data.toString('latin1');
  return { name: title, shape, values: readValues(readElement(data, name.next), shape, title) };
}

/** MATLAB stores an array's values in the smallest type that holds them. */
function readValues({ type, data }: Element, shape: readonly number[], name: string) {
  const count = shape.reduce((product, size) => product * size, 1);
  const reader = readers[type];
  if (reader === undefined) throw new Error(`the values of '${name}' are of unknown type ${type}`);
  const [size, read] = reader;
  if (data.length !== count * size) {
    throw new Error(
      `the array '${name}' of ${shape.join(' × ')} needs ${count * size} bytes, it has ${data.length}`,
    );
  }
  if (type === 2) return new Uint8Array(data);
  const values = new Float64Array(count);
  const method = (data[read] as (offset: number) => number).bind(data);
  for (let index = 0; index < count; index++) values[index] = method(index * size);
  return values;
}

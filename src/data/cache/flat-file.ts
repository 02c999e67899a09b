import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type ImageShape, type Normalization, pixelsPerImage } from '../dataset.js';

// A dataset of decoded images in one file:
//   bytes 0-7    'NCFMDATA'
//   bytes 8-11   version of the format, little-endian
//   bytes 12-15  length of the header, little-endian
//   then the header (JSON, padded with spaces), the labels (4 bytes each, little-endian), and the SHA-256 of all that;
//   then, from the next multiple of 4096 on, the pixels, one byte each: [images, channels, height, width]

const MAGIC = 'NCFMDATA';
const VERSION = 1;
const PREFIX = 16;
const DIGEST = 32;
const PAGE = 4096;

/** No header is longer: a larger claim is damage. */
const LONGEST_HEADER = 64 * 2 ** 20;

/** What a file says of its images. */
export interface FlatHeader {
  readonly name: string;
  readonly split: string;
  readonly shape: ImageShape;
  readonly images: number;
  readonly classNames: readonly string[];
  /** Of the source that was decoded. */
  readonly fingerprint: string;
  /** Of these images. */
  readonly normalization: Normalization;
  /** See `hashDataset`. */
  readonly hash: string;
}

/** A complete file. */
export interface FlatFile {
  readonly header: FlatHeader;
  readonly labels: Int32Array;
  /** Where the pixels begin, in bytes. */
  readonly pixels: number;
}

/** How long the file of so many images will be, in bytes. */
export function flatFileLength(header: FlatHeader, images: number): number {
  return pixelsOffset(headerLength(header), images) + images * pixelsPerImage(header.shape);
}

/** The part before the pixels. It has one length, whatever the normalisation and the hash, so it can be written last. */
export function encodeFront(header: FlatHeader, labels: Int32Array): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const length = headerLength(header);
  const front = Buffer.alloc(pixelsOffset(length, labels.length));
  front.write(MAGIC, 'latin1');
  front.writeUInt32LE(VERSION, 8);
  front.writeUInt32LE(length, 12);
  front.fill(' ', PREFIX, PREFIX + length);
  json.copy(front, PREFIX);
  for (const [index, label] of labels.entries()) {
    front.writeInt32LE(label, PREFIX + length + 4 * index);
  }
  const end = PREFIX + length + 4 * labels.length;
  createHash('sha256').update(front.subarray(0, end)).digest().copy(front, end);
  return front;
}

/** The same whatever the normalisation and the hash, which are known at the end only. */
function headerLength(header: FlatHeader): number {
  const longestNumber = '-1.2345678901234567e-100';
  const longest = header.normalization.mean.map(() => longestNumber);
  const longestHeader = {
    ...header,
    normalization: { mean: longest, std: longest },
    hash: 'f'.repeat(64),
  };
  return Math.ceil(Buffer.byteLength(JSON.stringify(longestHeader)) / 8) * 8;
}

function pixelsOffset(header: number, labels: number): number {
  return Math.ceil((PREFIX + header + 4 * labels + DIGEST) / PAGE) * PAGE;
}

/**
 * Reads what comes before the pixels, and checks that they are all there. Changed pixels are not noticed.
 *
 * @throws Error saying what is wrong; the file system's error if the file can't be read.
 */
export function readFront(path: string): FlatFile {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const prefix = readAt(file, 0, PREFIX, size);
    if (prefix.toString('latin1', 0, 8) !== MAGIC) throw new Error('it is no file of images');
    const version = prefix.readUInt32LE(8);
    if (version !== VERSION) throw new Error(`its format is version ${version}, not ${VERSION}`);
    const length = prefix.readUInt32LE(12);
    if (length > LONGEST_HEADER) throw new Error(`its header claims ${length} bytes`);
    const header = parseHeader(readAt(file, PREFIX, length, size));
    const pixels = pixelsOffset(length, header.images);
    const expected = pixels + header.images * pixelsPerImage(header.shape);
    if (size !== expected) throw new Error(`it has ${size} bytes, ${expected} were written`);
    const end = PREFIX + length + 4 * header.images;
    const front = readAt(file, 0, end + DIGEST, size);
    const digest = createHash('sha256').update(front.subarray(0, end)).digest();
    if (!digest.equals(front.subarray(end))) throw new Error('its header was changed');
    return { header, labels: decodeLabels(front.subarray(PREFIX + length, end)), pixels };
  } finally {
    closeSync(file);
  }
}

function decodeLabels(bytes: Buffer): Int32Array {
  const labels = new Int32Array(bytes.length / 4);
  for (let index = 0; index < labels.length; index++) labels[index] = bytes.readInt32LE(4 * index);
  return labels;
}

function readAt(file: number, offset: number, length: number, size: number): Buffer {
  if (offset + length > size) throw new Error(`it is cut short at ${size} bytes`);
  const bytes = Buffer.alloc(length);
  for (let read = 0; read < length; ) {
    const more = readSync(file, bytes, read, length - read, offset + read);
    if (more === 0) throw new Error(`it is cut short at ${offset + read} bytes`);
    read += more;
  }
  return bytes;
}

function parseHeader(bytes: Buffer): FlatHeader {
  const header = JSON.parse(bytes.toString('utf8')) as Partial<FlatHeader> | null;
  const { images, shape } = header ?? {};
  const sizes = [images, shape?.channels, shape?.height, shape?.width];
  if (sizes.every((size) => Number.isSafeInteger(size) && size! > 0)) return header as FlatHeader;
  throw new Error('its header has no sizes');
}

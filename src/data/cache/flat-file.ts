import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ImageShape, Normalization } from '../../core/image-shape.js';
import { pixelsPerImage } from '../dataset/dataset.js';
import type { DamagedPicture } from '../decoding/picture-source.js';
import type { ValueScale } from '../decoding/value-scale.js';

// A dataset of decoded images in one file:
//   bytes 0-7    'NCFMDATA'
//   bytes 8-11   version of the format, little-endian
//   bytes 12-15  length of the header, little-endian
//   bytes 16-23  where the header begins, little-endian
//   from 4096    the pixels, one byte each: [images, channels, height, width]
//   then the header (JSON), the labels (4 bytes each, little-endian), the identity of each picture (32 bytes each),
//   and the SHA-256 of bytes 0-23 and of all that

const magic = 'NCFMDATA';
const formatVersion = 2;
const prefixLength = 24;
const digestLength = 32;
export const identityLength = 32;
const bytesPerImage = 4 + identityLength;

/** Where the pixels begin, in bytes. */
export const pixelsStart = 4096;

/** No header is longer: a larger claim is damage. */
const longestHeader = 64 * 2 ** 20;

export interface FlatHeader {
  readonly name: string;
  readonly split: string;
  readonly shape: ImageShape;
  readonly images: number;
  readonly classNames: readonly string[];
  /** Of all pictures, the damaged ones too, their labels and classes, and how they are decoded. */
  readonly fingerprint: string;
  /** How pictures are decoded, see `PictureSource`. */
  readonly decoding: string;
  /** What values of more than 8 bits were scaled by; `unknown` where there are none, and nothing was given. */
  readonly scale: ValueScale;
  /** The pictures that are not here. */
  readonly damaged: readonly DamagedPicture[];
  readonly normalization: Normalization;
  /** See `hashDataset`. */
  readonly hash: string;
}

export interface FlatFile {
  readonly header: FlatHeader;
  readonly labels: Int32Array;
  /** Of each image's picture, see `PictureSource`. */
  readonly identities: Uint8Array;
}

/** How the names of the files of a part of a set begin, for people. */
export function fileStem({
  name,
  split,
}: {
  readonly name: string;
  readonly split: string;
}): string {
  return `${name}-${split}`.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 100);
}

/** About how long the file of so many images will be, in bytes. */
export function flatFileLength(shape: ImageShape, images: number): number {
  return pixelsStart + images * (pixelsPerImage(shape) + bytesPerImage);
}

/** The parts before and after the pixels. Nothing is a file of images without the first, which is to be written last. */
export function encodeEnds({ header, labels, identities }: FlatFile): {
  readonly front: Uint8Array;
  /** One after the other: together they would be copied. */
  readonly end: readonly Uint8Array[];
} {
  const json = Buffer.from(JSON.stringify(header));
  const front = Buffer.alloc(prefixLength);
  front.write(magic, 'latin1');
  front.writeUInt32LE(formatVersion, 8);
  front.writeUInt32LE(json.length, 12);
  front.writeBigUInt64LE(BigInt(pixelsStart + labels.length * pixelsPerImage(header.shape)), 16);
  const numbers = Buffer.alloc(4 * labels.length);
  for (const [index, label] of labels.entries()) numbers.writeInt32LE(label, 4 * index);
  const parts = [json, numbers, identities];
  const hash = createHash('sha256').update(front);
  for (const part of parts) hash.update(part);
  return { front, end: [...parts, hash.digest()] };
}

/**
 * Reads what is said of the pixels, and checks that they are all there. Changed pixels are not noticed.
 *
 * @throws Error saying what is wrong; the file system's error if the file can't be read.
 */
export function readEnds(path: string): FlatFile {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const front = readAt(file, 0, prefixLength, size);
    if (front.toString('latin1', 0, 8) !== magic) throw new Error('it is no file of images');
    const version = front.readUInt32LE(8);
    if (version !== formatVersion)
      throw new Error(`its format is version ${version}, not ${formatVersion}`);
    const length = front.readUInt32LE(12);
    if (length > longestHeader) throw new Error(`its header claims ${length} bytes`);
    const start = Number(front.readBigUInt64LE(16));
    const header = parseHeader(readAt(file, start, length, size));
    const { images, shape } = header;
    const [pixels, rest] = [images * pixelsPerImage(shape), images * bytesPerImage + digestLength];
    const expected = pixelsStart + pixels + length + rest;
    if (size !== expected) throw new Error(`it has ${size} bytes, ${expected} were written`);
    if (start !== pixelsStart + pixels)
      throw new Error(`its header is said to begin at byte ${start}`);
    const end = readAt(file, start, length + rest, size);
    const signed = end.subarray(0, -digestLength);
    const digest = createHash('sha256').update(front).update(signed).digest();
    if (!digest.equals(end.subarray(-digestLength))) throw new Error('its header was changed');
    const identities = signed.subarray(length + 4 * images);
    return { header, labels: decodeLabels(signed.subarray(length), images), identities };
  } finally {
    closeSync(file);
  }
}

function decodeLabels(bytes: Buffer, images: number): Int32Array {
  return Int32Array.from({ length: images }, (_, index) => bytes.readInt32LE(4 * index));
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

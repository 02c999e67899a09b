import type { PictureFormat } from './format.js';

/**
 * The largest value that a file of more than 8 bits declares to hold: a PNG by its chunk sBIT (significant bits, of which
 * the largest counts), a TIFF by its tag MaxSampleValue. Absent if it does not say, or its saying can't be read.
 */
export function declaredLargest(format: PictureFormat, bytes: Uint8Array): number | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (format === 'PNG') return significantBits(file);
  return format === 'TIFF' ? maxSampleValue(file) : undefined;
}

const signatureLength = 8;

/** Chunks: length (4 bytes), type (4), content, checksum (4). */
function significantBits(file: Buffer): number | undefined {
  for (let at = signatureLength; at + 8 <= file.length; ) {
    const length = file.readUInt32BE(at);
    const type = file.toString('latin1', at + 4, at + 8);
    if (type === 'IDAT') return undefined;
    if (type === 'sBIT') {
      // Grey and alpha, or colours and alpha: alpha's bits, the last of two or four, don't count.
      const colours = length >= 3 ? 3 : 1;
      const bits = Math.max(0, ...file.subarray(at + 8, at + 8 + colours));
      return bits >= 1 && bits <= 16 ? 2 ** bits - 1 : undefined;
    }
    at += 12 + length;
  }
  return undefined;
}

const maxSampleValueTag = 281;
const shortType = 3;

/** The first directory: a count (2 bytes), and entries of a tag (2), a type (2), a count (4) and a value (4). */
function maxSampleValue(file: Buffer): number | undefined {
  const little = file.toString('latin1', 0, 2) === 'II';
  const read16 = (at: number) => (little ? file.readUInt16LE(at) : file.readUInt16BE(at));
  const read32 = (at: number) => (little ? file.readUInt32LE(at) : file.readUInt32BE(at));
  if (file.length < 8 || read16(2) !== 42) return undefined;
  const directory = read32(4);
  if (directory + 2 > file.length) return undefined;
  const entries = read16(directory);
  for (let entry = 0; entry < entries; entry++) {
    const at = directory + 2 + 12 * entry;
    if (at + 12 > file.length) return undefined;
    if (read16(at) !== maxSampleValueTag || read16(at + 2) !== shortType) continue;
    const count = read32(at + 4);
    // Up to two values lie in the entry itself, more where it points to.
    const values = count <= 2 ? at + 8 : read32(at + 8);
    return count >= 1 && values + 2 <= file.length ? read16(values) : undefined;
  }
  return undefined;
}

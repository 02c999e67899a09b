import type { Size } from './geometry.js';

/** Markers that stand alone, without a length. */
const isAlone = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
/** Baseline, extended and progressive frames, as decoders read them. */
const frames = new Set([0xc0, 0xc1, 0xc2]);
const scan = 0xda;

/**
 * The size of a JPEG whose stored pixels are its colours: three components of 8 bits in the usual colour space, and no
 * EXIF data that could say it is turned. Undefined for any other file, a damaged one too; those are looked at by the
 * decoder, which takes several times as long for it (ITU T.81, annex B).
 */
export function plainJpegSize(bytes: Uint8Array): Size | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let size: Size | undefined;
  for (let position = 2; position + 4 <= bytes.length; ) {
    if (bytes[position] !== 0xff) return undefined;
    const marker = bytes[position + 1]!;
    if (marker === 0xff || isAlone(marker)) {
      position += marker === 0xff ? 1 : 2;
      continue;
    }
    if (marker === scan) return size;
    const length = view.getUint16(position + 2);
    const segment = bytes.subarray(position + 4, position + 2 + length);
    if (length < 2 || segment.length !== length - 2) return undefined;
    if (isUnusual(marker, segment)) return undefined;
    if (frames.has(marker)) {
      if (size !== undefined) return undefined;
      size = frameSize(segment);
      if (size === undefined) return undefined;
    }
    position += 2 + length;
  }
  return undefined;
}

/** EXIF data, Adobe's word on the colours, or a frame that is coded otherwise. */
function isUnusual(marker: number, segment: Uint8Array): boolean {
  const starts = (text: string): boolean =>
    Buffer.from(segment.subarray(0, text.length)).toString('latin1') === text;
  if (marker === 0xe1 && starts('Exif')) return true;
  if (marker === 0xee && starts('Adobe')) return true;
  const otherFrame = marker >= 0xc3 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
  return otherFrame;
}

function frameSize(segment: Uint8Array): Size | undefined {
  const [bits, ...rest] = segment;
  const [a = 0, b = 0, c = 0, d = 0, components] = rest;
  const [height, width] = [a * 256 + b, c * 256 + d];
  // Components that are named R, G and B hold these colours themselves.
  const named = rest[5] === 0x52 && rest[8] === 0x47;
  if (bits !== 8 || components !== 3 || named || height === 0 || width === 0) return undefined;
  return { width, height };
}

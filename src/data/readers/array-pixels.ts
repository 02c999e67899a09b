import { UsageError } from '../../core/errors.js';
import type { ImageShape } from '../../core/image-shape.js';
import type { Pixels } from '../dataset/dataset.js';
import type { NumberArray, NumpyArray } from '../formats/npy.js';

/** An array of images, and what notes and errors call it. */
export interface ImageArray {
  readonly array: NumpyArray;
  readonly name: string;
  /** With the file's path. */
  readonly source: string;
}

/** Images as [n, channels, height, width]. */
export interface Images {
  readonly shape: ImageShape;
  /** Bytes from 0 to 255, or floats from 0 to 1. */
  readonly pixels: Pixels;
}

/** From here on, floats are taken for bytes whatever else they could be. */
const surelyBytes = 128;

/**
 * Images from arrays of one dataset, its parts: [n, h, w], [n, h, w, c] or [n, c, h, w]. The scale of the pixels is told
 * by the largest value of all parts: floats above 1 are bytes, or whole levels of fewer bits.
 *
 * @throws UsageError naming the array if it has another shape or values of no known scale.
 */
export function readImages(
  parts: readonly ImageArray[],
  onNote: (message: string) => void,
): Images[] {
  const layouts = parts.map(({ array, source }) => layoutOf(array.shape, source));
  const pixels = scalePixels(parts, onNote);
  return layouts.map(({ shape, channelsLast }, part) => ({
    shape,
    pixels: channelsLast ? channelsFirst(pixels[part]!, shape) : pixels[part]!,
  }));
}

function layoutOf(
  size: readonly number[],
  source: string,
): { readonly shape: ImageShape; readonly channelsLast: boolean } {
  const [, a = 0, b = 0, c = 0] = size;
  if (size.length === 3) {
    return { shape: { channels: 1, height: a, width: b }, channelsLast: false };
  }
  const [first, last] = [a === 1 || a === 3, c === 1 || c === 3];
  if (size.length !== 4 || first === last) {
    const found = `it is ${size.join(' × ') || 'a single number'}`;
    throw new UsageError(
      first && last && size.length === 4
        ? `${source}: ${found}: either its second or its last axis could be the channels; expected [n, h, w] or with sides other than 1 and 3`
        : `${source}: ${found}; expected [n, h, w], [n, h, w, c] or [n, c, h, w] with 1 or 3 channels`,
    );
  }
  return first
    ? { shape: { channels: a, height: b, width: c }, channelsLast: false }
    : { shape: { channels: c, height: a, width: b }, channelsLast: true };
}

function channelsFirst(pixels: Pixels, { channels, height, width }: ImageShape): Pixels {
  const plane = height * width;
  const result = pixels.slice();
  for (let start = 0; start < pixels.length; start += channels * plane) {
    for (let channel = 0; channel < channels; channel++) {
      for (let place = 0; place < plane; place++) {
        result[start + channel * plane + place] = pixels[start + place * channels + channel]!;
      }
    }
  }
  return result;
}

interface Range {
  readonly least: number;
  readonly largest: number;
  /** Whether all values are whole. */
  readonly whole: boolean;
}

function scalePixels(parts: readonly ImageArray[], onNote: (message: string) => void): Pixels[] {
  const floats = parts.filter(({ array }) => isFloat(array.values));
  const ranges = floats.map(({ array }) => rangeOf(array.values));
  const divisor = chooseDivisor(floats, ranges, onNote);
  const toBytes = divisor === 255 && ranges.every(({ whole }) => whole);
  const scaled = parts.map(({ array, source }) => {
    const { values } = array;
    if (!isFloat(values)) return bytesOf(values, source);
    if (toBytes) return Uint8Array.from(values as ArrayLike<number>);
    if (divisor === 1 && values instanceof Float32Array) return values;
    return Float32Array.from(values as ArrayLike<number>, (value) => value / divisor);
  });
  const names = parts.map(({ name }) => name).join(', ');
  return spreadBits(scaled, names, onNote);
}

function isFloat(values: NumberArray): values is Float32Array | Float64Array {
  return values instanceof Float32Array || values instanceof Float64Array;
}

function rangeOf(values: NumberArray): Range {
  let [least, largest, whole] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true];
  for (let index = 0; index < values.length; index++) {
    const value = Number(values[index]);
    if (value < least) least = value;
    if (value > largest) largest = value;
    whole &&= Number.isInteger(value);
  }
  return { least, largest, whole };
}

/** What the floats are divided by to lie in [0, 1]; what isn't a number is reported by `arrayDataset`. */
function chooseDivisor(
  parts: readonly ImageArray[],
  ranges: readonly Range[],
  onNote: (message: string) => void,
): number {
  const largest = Math.max(1, ...ranges.map((range) => range.largest));
  for (const [index, { source }] of parts.entries()) checkRange(ranges[index]!, source);
  if (largest === 1 || !Number.isFinite(largest)) return 1;
  const unlike = ranges.findIndex((range) => range.largest <= 1);
  if (unlike >= 0) {
    throw new UsageError(
      `${parts[unlike]!.source}: its values go up to ${ranges[unlike]!.largest}, those of the other part up to ${largest}; expected one scale`,
    );
  }
  const names = parts.map(({ name }) => name).join(', ');
  if (largest >= surelyBytes) {
    onNote(`${names}: floating-point numbers up to ${largest}, read as pixels from 0 to 255`);
    return 255;
  }
  onNote(
    `${names}: whole numbers up to ${largest}, read as pixels from 0 to ${largest} (dark bytes should be saved as uint8)`,
  );
  return largest;
}

function checkRange({ least, largest, whole }: Range, source: string): void {
  const known = largest <= 1 || (largest <= 255 && (whole || largest >= surelyBytes));
  if (least >= 0 && known) return;
  if (!Number.isFinite(least) || !Number.isFinite(largest)) return;
  const normalised = least < 0 ? ': they look normalised; save the pixels as they were before' : '';
  throw new UsageError(
    `${source}: its values lie between ${least} and ${largest}; expected floats from 0 to 1 or from 0 to 255${normalised}`,
  );
}

function bytesOf(values: NumberArray, source: string): Uint8Array {
  if (values instanceof Uint8Array) return values;
  const bytes = new Uint8Array(values.length);
  for (const [index, value] of values.entries()) {
    bytes[index] = Number(value);
    if (BigInt(bytes[index]!) !== BigInt(value)) {
      throw new UsageError(
        `${source}: value ${index} is ${value}; expected whole numbers from 0 to 255, or floats from 0 to 1`,
      );
    }
  }
  return bytes;
}

/** Bytes that are all 0 or 1, as of truth values, would be black pictures. */
function spreadBits(
  parts: readonly Pixels[],
  names: string,
  onNote: (message: string) => void,
): Pixels[] {
  const bits = parts.every(
    (part) => part instanceof Uint8Array && part.every((value) => value <= 1),
  );
  const some = bits && parts.some((part) => part.includes(1));
  if (!some) return [...parts];
  onNote(`${names}: the pixels are 0 and 1, read as black and white`);
  return parts.map((part) => Uint8Array.from(part, (value) => value * 255));
}

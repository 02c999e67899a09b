import type { Affine } from '../affine.js';
import type { BandOrder } from '../bands.js';
import type { ColourTransform } from '../colour.js';
import type { Rectangle } from '../rectangle.js';
import type { Pixel } from './images.js';

/**
 * The augmentations written as loops over single values, one step at a time, to check the fast ones against. Every
 * function turns one reader of values into another.
 */
interface Size {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function count(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}

/** Brightness, then saturation (not for grey images), then contrast, with the transform of each image. */
export function colourByLoops(
  source: Pixel,
  { channels, height, width }: Size,
  transform: (image: number) => ColourTransform,
): Pixel {
  const bright: Pixel = (n, c, y, x) => source(n, c, y, x) + transform(n).brightness;
  const saturated: Pixel = (n, c, y, x) => {
    if (channels === 1) return bright(n, c, y, x);
    const grey = mean(count(channels).map((channel) => bright(n, channel, y, x)));
    return (bright(n, c, y, x) - grey) * transform(n).saturation + grey;
  };
  const means = new Map<number, number>();
  const imageMean = (n: number): number => {
    const known = means.get(n);
    if (known !== undefined) return known;
    const values = count(channels).flatMap((c) =>
      count(height).flatMap((y) => count(width).map((x) => saturated(n, c, y, x))),
    );
    means.set(n, mean(values));
    return mean(values);
  };
  return (n, c, y, x) =>
    (saturated(n, c, y, x) - imageMean(n)) * transform(n).contrast + imageMean(n);
}

/** The bands of columns, then of rows, in another order; the first are a pixel longer where a side does not divide. */
export function bandsByLoops(
  source: Pixel,
  { height, width }: Size,
  order: (image: number) => BandOrder | undefined,
): Pixel {
  const from = (side: number, bands: readonly number[], position: number): number => {
    const lengths = count(bands.length).map((band) =>
      Math.floor((side + bands.length - 1 - band) / bands.length),
    );
    let start = 0;
    for (const band of bands) {
      const before = lengths.slice(0, band).reduce((sum, length) => sum + length, 0);
      if (position < start + lengths[band]!) return before + position - start;
      start += lengths[band]!;
    }
    throw new RangeError('outside');
  };
  return (n, c, y, x) => {
    const bands = order(n);
    if (bands === undefined) return source(n, c, y, x);
    return source(n, c, from(height, bands.rows, y), from(width, bands.columns, x));
  };
}

/** Zero inside the rectangle of each image. */
export function cutoutByLoops(source: Pixel, cutout: (image: number) => Rectangle | null): Pixel {
  return (n, c, y, x) => {
    const hole = cutout(n);
    const inside =
      hole !== null && y >= hole.top && y < hole.bottom && x >= hole.left && x < hole.right;
    return inside ? 0 : source(n, c, y, x);
  };
}

/** Bilinear sampling at the positions of each image's map, reading zeros outside. */
export function resampleByLoops(
  source: Pixel,
  { height, width }: Size,
  map: (image: number) => Affine,
): Pixel {
  return (n, c, y, x) => {
    const [a, b, e, d, f, g] = map(n);
    const [across, down] = [(2 * x + 1) / width - 1, (2 * y + 1) / height - 1];
    const column = ((a * across + b * down + e + 1) * width - 1) / 2;
    const row = ((d * across + f * down + g + 1) * height - 1) / 2;
    const [left, top] = [Math.floor(column), Math.floor(row)];
    const [right, bottom] = [column - left, row - top];
    return (
      (1 - right) * (1 - bottom) * source(n, c, top, left) +
      right * (1 - bottom) * source(n, c, top, left + 1) +
      (1 - right) * bottom * source(n, c, top + 1, left) +
      right * bottom * source(n, c, top + 1, left + 1)
    );
  };
}

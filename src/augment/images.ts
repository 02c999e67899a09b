import { UsageError } from '../core/index.js';
import type { DType, Tensor } from '../tensor/index.js';

/** The size of an image in pixels. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

export interface BatchSize extends ImageSize {
  readonly images: number;
  readonly channels: number;
}

const floating: readonly DType[] = ['float16', 'bfloat16', 'float32', 'float64'];

/** The sizes of images [n, c, h, w]. Throws RangeError for another rank, TypeError unless the values are floating. */
export function batchSize(images: Tensor): BatchSize {
  if (images.rank !== 4) {
    throw new RangeError(
      `images have the shape [n, channels, height, width], got [${images.shape.join(', ')}]`,
    );
  }
  if (!floating.includes(images.dtype)) {
    throw new TypeError(
      `images must be floating-point, got ${images.dtype}; convert bytes with to('float32').div(255)`,
    );
  }
  const [count, channels, height, width] = images.shape as [number, number, number, number];
  return { images: count, channels, height, width };
}

/** Throws RangeError unless a draw for images of `drawn` pixels is used on such images. */
export function requireSameSize(images: ImageSize, drawn: ImageSize): void {
  if (images.height === drawn.height && images.width === drawn.width) return;
  throw new RangeError(
    `the augmentation was drawn for images of ${drawn.height}×${drawn.width} pixels, these have ${images.height}×${images.width}`,
  );
}

/** Throws UsageError unless an augmentation's strength is null (off) or a number from `least` to `most`. */
export function requireStrength(
  name: string,
  value: number | null,
  least: number,
  most = Number.MAX_VALUE,
): void {
  if (value === null || (value >= least && value <= most)) return;
  const range = most === Number.MAX_VALUE ? `at least ${least}` : `from ${least} to ${most}`;
  throw new UsageError(
    `the augmentation '${name}' must be a number ${range}, or null to switch it off; got ${value}`,
  );
}

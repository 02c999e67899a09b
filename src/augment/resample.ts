import { affineGrid, gridSample, type Tensor } from '../tensor/index.js';
import { type Affine, isIdentity } from './affine.js';
import { constantLike } from './operators.js';
import type { Uniforms } from './uniforms.js';

/** A factor uniform in [1/ratio, ratio]; 1 when `ratio` is null. Takes one number from `next`. */
export function drawScale(ratio: number | null, next: Uniforms): number {
  const most = ratio ?? 1;
  return 1 / most + next() * (most - 1 / most);
}

/** An angle in degrees, uniform in ± `most`; 0 when that is null. Takes one number from `next`. */
export function drawAngle(most: number | null, next: Uniforms): number {
  return (2 * next() - 1) * (most ?? 0);
}

/**
 * Shows images [n, c, h, w] by one map each: bilinear, zeros outside the image, the range of positions ending at the
 * border of the outer pixels. Differentiable. Returns the images themselves when no map moves anything.
 */
export function resample(images: Tensor, maps: readonly Affine[]): Tensor {
  if (maps.every(isIdentity)) return images;
  const theta = constantLike(maps.flat(), [maps.length, 2, 3], images);
  return gridSample(images, affineGrid(theta, images.shape, false), 0, 0, false);
}

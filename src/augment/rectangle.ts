import { type Tensor, tensorOn } from '../tensor/index.js';
import type { ImageSize } from './images.js';
import type { Uniforms } from './uniforms.js';

/** A block of pixels; `bottom` and `right` are the first row and column after it. */
export interface Rectangle {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/**
 * A rectangle of `sides` pixels whose centre is uniform over the image, clipped at the border. The centre of an odd
 * side is a pixel, that of an even side lies between pixels or at the border, so that all positions are symmetric.
 * Takes two numbers from `next`.
 */
export function drawRectangle(image: ImageSize, sides: ImageSize, next: Uniforms): Rectangle {
  const [top, bottom] = interval(image.height, sides.height, next());
  const [left, right] = interval(image.width, sides.width, next());
  return { top, bottom, left, right };
}

function interval(size: number, side: number, position: number): [start: number, end: number] {
  const centres = side % 2 === 0 ? size + 1 : size;
  const start = Math.floor(position * centres) - Math.floor(side / 2);
  return [Math.max(0, start), Math.min(size, start + side)];
}

/**
 * Cutout (DeVries & Taylor, arXiv 1708.04552) of a fraction of the height and of the width; null when `fraction` is
 * null or 0. Takes two numbers from `next` in either case.
 */
export function drawCutout(
  image: ImageSize,
  fraction: number | null,
  next: Uniforms,
): Rectangle | null {
  const sides = {
    height: Math.round((fraction ?? 0) * image.height),
    width: Math.round((fraction ?? 0) * image.width),
  };
  const rectangle = drawRectangle(image, sides, next);
  return sides.height > 0 && sides.width > 0 ? rectangle : null;
}

/**
 * Zeroes one rectangle per group of `images` [groups, m, c, h, w]; null leaves a group as it is. Differentiable.
 * Returns the images themselves when every rectangle is null.
 */
export function applyCutouts(images: Tensor, cutouts: readonly (Rectangle | null)[]): Tensor {
  if (cutouts.every((cutout) => cutout === null)) return images;
  const [height, width] = [images.size(3), images.size(4)];
  const kept = new Uint8Array(cutouts.length * height * width).fill(1);
  for (const [group, cutout] of cutouts.entries()) {
    if (cutout === null) continue;
    for (let row = cutout.top; row < cutout.bottom; row++) {
      const start = (group * height + row) * width;
      kept.fill(0, start + cutout.left, start + cutout.right);
    }
  }
  const mask = tensorOn(images.device, kept, [cutouts.length, 1, 1, height, width]);
  return images.mul(mask.to(images.dtype));
}

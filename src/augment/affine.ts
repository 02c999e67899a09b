import type { ImageSize } from './images.js';

/**
 * An affine map [a, b, c, d, e, f]: (x, y) → (a·x + b·y + c, d·x + e·y + f), from positions in the augmented image to
 * positions in the original, where the image spans [-1, 1] in each direction whatever its size.
 */
export type Affine = readonly [number, number, number, number, number, number];

/** Leaves every pixel where it is. */
export const identity: Affine = [1, 0, 0, 0, 1, 0];

/** Mirrors left and right. */
export const mirror: Affine = [-1, 0, 0, 0, 1, 0];

/** Moves the content down and to the right by whole or fractional pixels. */
export function shift(image: ImageSize, rows: number, columns: number): Affine {
  return [1, 0, (-2 * columns) / image.width, 0, 1, (-2 * rows) / image.height];
}

/** Shows `vertical` times the height and `horizontal` times the width: above 1 the content shrinks. */
export function scale(vertical: number, horizontal: number): Affine {
  return [horizontal, 0, 0, 0, vertical, 0];
}

/** Turns the content about the centre by an angle in degrees; angles stay true in images that are not square. */
export function rotation(image: ImageSize, degrees: number): Affine {
  const angle = (degrees * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const aspect = image.height / image.width;
  return [cosine, -sine * aspect, 0, sine / aspect, cosine, 0];
}

/** One map for several augmentations in the order in which they happen to the image. */
export function compose(...maps: readonly Affine[]): Affine {
  return maps.reduce(
    ([a, b, c, d, e, f], [g, h, i, j, k, l]) => [
      a * g + b * j,
      a * h + b * k,
      a * i + b * l + c,
      d * g + e * j,
      d * h + e * k,
      d * i + e * l + f,
    ],
    identity,
  );
}

/** Whether a map leaves every pixel exactly where it is. */
export function isIdentity(map: Affine): boolean {
  return map.every((value, index) => value === identity[index]);
}

/** A width and a height, in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export type PictureFit =
  /** Scaled until it just covers the wanted size, then cut to its centre. Keeps the proportions. */
  | 'crop'
  /** Scaled to the wanted size, whatever its proportions. Keeps every pixel. */
  | 'stretch';

/** Where a picture goes: first scaled, then cut. */
export interface Placement {
  readonly scaled: Size;
  /** The corner of the cut-out, in pixels of the scaled picture. */
  readonly left: number;
  readonly top: number;
}

/**
 * Where a picture goes. `crop` into a square is torchvision's `Resize(side)` and `CenterCrop(side)` to the pixel,
 * with its rounding: down for the longer side, to even for the corner. Other boxes are covered by the same rule.
 */
export function placePicture(from: Size, to: Size, fit: PictureFit): Placement {
  const { width, height } = to;
  if (fit === 'stretch') return { scaled: { width, height }, left: 0, top: 0 };
  const scaled =
    width * from.height >= height * from.width
      ? { width, height: Math.max(height, Math.floor((from.height * width) / from.width)) }
      : { width: Math.max(width, Math.floor((from.width * height) / from.height)), height };
  return {
    scaled,
    left: roundHalfToEven((scaled.width - width) / 2),
    top: roundHalfToEven((scaled.height - height) / 2),
  };
}

/** Python's `round`, for multiples of one half. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  return value === below || below % 2 === 0 ? below : below + 1;
}

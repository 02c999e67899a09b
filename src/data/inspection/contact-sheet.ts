import { type Dataset, indicesByClass, pixelsPerImage } from '../dataset/dataset.js';

export interface ContactSheet {
  /** [classes × perClass, channels, height, width] in [0, 1]: a row per class, filled up with white. */
  readonly pixels: Float32Array;
  /** How many of them are images. */
  readonly images: number;
}

/**
 * Some images of every class, at equal distances from its first to its last.
 *
 * @param perClass how many, at least 1; of a smaller class, all.
 */
export function contactSheet(dataset: Dataset, perClass: number): ContactSheet {
  const classes = dataset.classNames.length;
  const size = pixelsPerImage(dataset.shape);
  const pixels = new Float32Array(classes * perClass * size).fill(1);
  let images = 0;
  for (const [row, indices] of indicesByClass(dataset.labels, classes).entries()) {
    const chosen = spread(indices, perClass);
    if (chosen.length === 0) continue;
    const values = dataset.read(chosen);
    const scale = values instanceof Uint8Array ? 255 : 1;
    pixels.set(
      Float32Array.from(values, (value) => value / scale),
      row * perClass * size,
    );
    images += chosen.length;
  }
  return { pixels, images };
}

function spread(indices: Int32Array, count: number): number[] {
  if (indices.length <= count) return [...indices];
  if (count === 1) return [indices[0]!];
  const step = (indices.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, place) => indices[Math.round(place * step)]!);
}

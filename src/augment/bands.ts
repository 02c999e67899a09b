import { cat, type Tensor, tensorOn } from '../tensor/index.js';
import { unbind } from './operators.js';
import type { Uniforms } from './uniforms.js';

/** The order in which an image's bands of columns and of rows are shown. */
export interface BandOrder {
  readonly columns: readonly number[];
  readonly rows: readonly number[];
}

/** Takes 2 · bands numbers from `next`. */
export function drawBands(bands: number, next: Uniforms): BandOrder {
  return { columns: drawOrder(bands, next), rows: drawOrder(bands, next) };
}

function drawOrder(count: number, next: Uniforms): number[] {
  const keys = Array.from({ length: count }, next);
  return [...keys.keys()].sort((a, b) => keys[a]! - keys[b]!);
}

/**
 * Shows each of images [n, c, h, w] with its bands of columns, then of rows, in the order drawn for it: so the patches of a
 * mosaic change places. The first bands are a pixel longer where sides do not divide. Differentiable.
 */
export function shuffleBands(images: Tensor, orders: readonly BandOrder[]): Tensor {
  const [height, width] = [images.size(2), images.size(3)];
  const shown = unbind(images, 0).map((image, index) => {
    const { columns, rows } = orders[index]!;
    return image
      .indexSelect(2, placed(pixelsInOrder(width, columns), image))
      .indexSelect(1, placed(pixelsInOrder(height, rows), image))
      .unsqueeze(0);
  });
  return cat(shown);
}

const placed = (positions: readonly number[], like: Tensor): Tensor =>
  tensorOn(like.device, positions, [positions.length], 'int64');

/** Where each pixel of a side comes from. */
export function pixelsInOrder(side: number, order: readonly number[]): number[] {
  const [least, longer] = [Math.floor(side / order.length), side % order.length];
  return order.flatMap((band) => {
    const start = band * least + Math.min(band, longer);
    return Array.from({ length: least + (band < longer ? 1 : 0) }, (_, pixel) => start + pixel);
  });
}

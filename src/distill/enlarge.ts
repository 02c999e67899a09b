import { gpuOptions, scope, type Tensor, tensorOn, upsampleBilinear } from '../tensor/index.js';

/** How images are enlarged: by LibTorch's operator, whose gradient a GPU adds up in any order, or by products of matrices. */
export type Enlargement = 'operator' | 'products';

/** Enlarges images [n, c, h, w] to a size bilinearly, positions being those of the pixels' borders. Differentiable. */
export function enlarge(
  images: Tensor,
  [height, width]: readonly [height: number, width: number],
  by: Enlargement = usualEnlargement(images),
): Tensor {
  if (by === 'operator') return upsampleBilinear(images, [height, width], false);
  return scope(() => {
    const rows = weights(images.size(2), height, images);
    const columns = weights(images.size(3), width, images);
    return rows.matmul(images).matmul(columns.transpose(0, 1));
  });
}

function usualEnlargement({ device }: Tensor): Enlargement {
  return device !== 'cpu' && gpuOptions().deterministic ? 'products' : 'operator';
}

/** What each of `to` pixels of a side takes of `from` ones: [to, from], rows that sum to 1. */
function weights(from: number, to: number, { device, dtype }: Tensor): Tensor {
  const values = new Float64Array(to * from);
  for (let pixel = 0; pixel < to; pixel++) {
    const position = Math.max(0, ((pixel + 0.5) * from) / to - 0.5);
    const before = Math.min(Math.floor(position), from - 1);
    const after = Math.min(before + 1, from - 1);
    values[pixel * from + before]! += 1 - (position - before);
    values[pixel * from + after]! += position - before;
  }
  return tensorOn(device, values, [to, from]).to(dtype);
}

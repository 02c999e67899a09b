import { cat, scope, type Tensor } from '../tensor/index.js';

/** Tensors one after the other, each row by row: [their elements]. Differentiable. */
export function flatten(tensors: readonly Tensor[]): Tensor {
  return scope(() => cat(tensors.map((tensor) => tensor.reshape([-1]))));
}

/** Such elements as tensors of the given shapes, in order; they share its memory. */
export function unflatten(
  flat: Tensor,
  likes: readonly Pick<Tensor, 'shape' | 'length'>[],
): Tensor[] {
  let start = 0;
  return likes.map(({ shape, length }) => {
    start += length;
    return scope(() => flat.narrow(0, start - length, length).reshape(shape));
  });
}

import { type Tensor, tensorOn } from '../tensor/index.js';
import { op } from '../tensor/operator.js';

/** `x + y · z` in one pass over memory, with broadcasting; differentiable. */
export const addcmul = op<[x: Tensor, y: Tensor, z: Tensor]>('addcmul');

/** The slices along one dimension, as views. Its gradient is one stack, where one `narrow` each would add up as many full-size zeros. */
export const unbind = op<[x: Tensor, dimension: number], Tensor[]>('unbind', 'int');

/** A tensor of numbers with the element type and device of `like`. */
export function constantLike(
  values: readonly number[],
  shape: readonly number[],
  like: Tensor,
): Tensor {
  const { dtype, device } = like;
  if (dtype === 'float32') return tensorOn(device, Float32Array.from(values), shape);
  return tensorOn(device, Float64Array.from(values), shape).to(dtype);
}

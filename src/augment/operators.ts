import { type Tensor, tensor, toDeviceOf } from '../tensor/index.js';
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
  return placedLike(tensor(Float64Array.from(values), shape), like);
}

/** The same values with the element type and device of `like`. */
export function placedLike(x: Tensor, like: Tensor): Tensor {
  return toDeviceOf(x.to(like.dtype), like.device);
}

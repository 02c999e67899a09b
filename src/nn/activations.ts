import { avgPool2d, maxPool2d, scope, type Tensor } from '../tensor/index.js';
import type { Mode } from './module.js';

/** The activations that networks offer; leaky ReLU has the slope 0.01 below 0, swish is x · sigmoid(x). */
export const activations = ['relu', 'leaky-relu', 'sigmoid', 'swish'] as const;
export type Activation = (typeof activations)[number];

export function activate(x: Tensor, kind: Activation): Tensor {
  switch (kind) {
    case 'relu':
      return x.relu();
    case 'leaky-relu':
      return x.leakyRelu(0.01);
    case 'sigmoid':
      return x.sigmoid();
    case 'swish':
      return x.silu();
  }
}

export const poolings = ['average', 'max', 'none'] as const;
export type Pooling = (typeof poolings)[number];

/** Pools squares of `size`×`size` pixels: [n, c, h, w] → [n, c, ⌊h/size⌋, ⌊w/size⌋]; the same tensor for none. */
export function pool(x: Tensor, kind: Pooling, size = 2): Tensor {
  if (kind === 'none') return x;
  return (kind === 'average' ? avgPool2d : maxPool2d)(x, [size, size], [size, size]);
}

/** The mean of each map: [n, c, h, w] → [n, c]. */
export function globalAverage(x: Tensor): Tensor {
  return x.mean([2, 3]);
}

/**
 * In training, sets each element to 0 with `probability` and scales the others by 1 / (1 − probability), so that the
 * mean stays; otherwise, or with probability 0, the same tensor. Shapes stay.
 *
 * @param probability in [0, 1)
 */
export function dropout(x: Tensor, probability: number, mode: Mode): Tensor {
  return drop(x, x.shape, probability, mode);
}

/** Like `dropout`, but of whole rows: stochastic depth (Huang et al. 2016). */
export function dropRows(x: Tensor, probability: number, mode: Mode): Tensor {
  return drop(x, [x.size(0), ...x.shape.slice(1).map(() => 1)], probability, mode);
}

function drop(x: Tensor, shape: readonly number[], probability: number, mode: Mode): Tensor {
  if (mode.kind !== 'train' || probability === 0) return x;
  return scope(() => {
    const kept = mode.random.uniformTensor(shape).ge(probability);
    return x.mul(kept.to(x.dtype).div(1 - probability));
  });
}

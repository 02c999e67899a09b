import { convolutionBlockTangent, linear, scope, type Tensor } from '../tensor/index.js';
import type { Conv2d, Linear } from './layers.js';
import { type InstanceNorm, normEpsilon } from './norms.js';

/** A tensor and its derivative along a direction, in its shape; null where it does not move. */
export interface Dual<Tangent extends Tensor | null = Tensor> {
  readonly value: Tensor;
  readonly tangent: Tangent;
}

/** How each parameter moves: constants in the parameters' shapes. */
export type Direction = ReadonlyMap<Tensor, Tensor>;

/**
 * `forwardConvolutionBlock` and its derivative when the parameters move along a direction; float32 on the CPU. How
 * the convolution's bias moves makes no difference: the normalisation subtracts it again.
 */
export function moveConvolutionBlock(
  x: Dual<Tensor | null>,
  { weight, bias, padding }: Conv2d,
  norm: InstanceNorm,
  direction: Direction,
): Dual {
  if (bias === null) throw new TypeError('the block needs a convolution with a bias');
  const [value, tangent] = convolutionBlockTangent(
    x.value,
    x.tangent,
    weight,
    direction.get(weight)!,
    bias,
    norm.weight,
    direction.get(norm.weight)!,
    norm.bias,
    direction.get(norm.bias)!,
    padding,
    normEpsilon,
  );
  return { value, tangent };
}

/** A linear layer's result and its derivative when input and parameters move. */
export function moveLinear(x: Dual, { weight, bias }: Linear, direction: Direction): Dual {
  return scope(() => ({
    value: linear(x.value, weight, bias),
    tangent: linear(x.tangent, weight).add(
      linear(x.value, direction.get(weight)!, direction.get(bias)!),
    ),
  }));
}

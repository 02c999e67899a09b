import { noGrad, type RandomGenerator, scope, type Tensor } from '../tensor/index.js';

/** Uniform in ±1/√fanIn: what PyTorch's `reset_parameters` amounts to for convolutions and linear layers. */
export function uniformWeight(
  shape: readonly number[],
  fanIn: number,
  random: RandomGenerator,
): Tensor {
  const bound = 1 / Math.sqrt(fanIn);
  return scope(() =>
    noGrad(() =>
      random
        .uniformTensor(shape)
        .mul(2 * bound)
        .sub(bound),
    ),
  );
}

/** Normal with the given standard deviation around 0. */
export function normalWeight(
  shape: readonly number[],
  deviation: number,
  random: RandomGenerator,
): Tensor {
  return scope(() => noGrad(() => random.normal(shape).mul(deviation)));
}

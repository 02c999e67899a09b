import {
  conv2d,
  convolutionBlock,
  linear,
  type RandomGenerator,
  type Tensor,
  zeros,
} from '../tensor/index.js';
import { normalWeight, uniformWeight } from './initialization.js';
import { Module } from './module.js';
import { type InstanceNorm, normEpsilon } from './norms.js';

/**
 * How weights start: as PyTorch's layers do (uniform in ±1/√fan-in); `fan-out` as in ResNets (He et al. 2015: normal
 * with variance 2 / (outputs · kernel²)); or normal with a deviation of 0.02 and no bias, as in transformers and ConvNeXt.
 */
export type WeightInitialization = 'uniform' | 'fan-out' | 'small';

const smallDeviation = 0.02;

export interface Conv2dOptions {
  readonly inputChannels: number;
  readonly outputChannels: number;
  /** Side of the square kernel in pixels. */
  readonly kernel: number;
  /** Zero pixels added on each side. */
  readonly padding?: number;
  readonly stride?: number;
  /** Groups of channels that are convolved apart; a divisor of both numbers of channels. */
  readonly groups?: number;
  readonly bias?: boolean;
  readonly initialization?: WeightInitialization;
  readonly random: RandomGenerator;
}

/** Convolution: [n, inputChannels, h, w] → [n, outputChannels, h', w']. */
export class Conv2d extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly padding: number;
  readonly #stride: readonly [number, number];
  readonly #groups: number;

  constructor({
    inputChannels,
    outputChannels,
    kernel,
    padding = 0,
    stride = 1,
    groups = 1,
    bias = true,
    initialization = 'uniform',
    random,
  }: Conv2dOptions) {
    super();
    const shape = [outputChannels, inputChannels / groups, kernel, kernel];
    const fans = {
      in: (inputChannels / groups) * kernel * kernel,
      out: outputChannels * kernel * kernel,
    };
    this.weight = this.parameter('weight', initialWeight(initialization, shape, fans, random));
    const first = bias ? initialBias(initialization, outputChannels, fans.in, random) : null;
    this.bias = first && this.parameter('bias', first);
    this.padding = padding;
    this.#stride = [stride, stride];
    this.#groups = groups;
  }

  forward(x: Tensor): Tensor {
    const padding = [this.padding, this.padding];
    return conv2d(x, this.weight, this.bias, this.#stride, padding, [1, 1], this.#groups);
  }
}

export interface LinearOptions {
  readonly initialization?: Exclude<WeightInitialization, 'fan-out'>;
}

/** Affine map with bias, initialised like PyTorch's: [..., inputs] → [..., outputs]. */
export class Linear extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;

  constructor(
    inputs: number,
    outputs: number,
    random: RandomGenerator,
    { initialization = 'uniform' }: LinearOptions = {},
  ) {
    super();
    const fans = { in: inputs, out: outputs };
    this.weight = this.parameter(
      'weight',
      initialWeight(initialization, [outputs, inputs], fans, random),
    );
    this.bias = this.parameter('bias', initialBias(initialization, outputs, inputs, random));
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}

function initialWeight(
  kind: WeightInitialization,
  shape: readonly number[],
  fans: { readonly in: number; readonly out: number },
  random: RandomGenerator,
): Tensor {
  switch (kind) {
    case 'uniform':
      return uniformWeight(shape, fans.in, random);
    case 'fan-out':
      return normalWeight(shape, Math.sqrt(2 / fans.out), random);
    case 'small':
      return normalWeight(shape, smallDeviation, random);
  }
}

function initialBias(
  kind: WeightInitialization,
  outputs: number,
  fanIn: number,
  random: RandomGenerator,
): Tensor {
  if (kind === 'small') return zeros([outputs], { device: random.device });
  return uniformWeight([outputs], fanIn, random);
}

/**
 * The block of a ConvNet: a 3×3 convolution with bias and stride 1, instance normalisation, ReLU and 2×2 average
 * pooling, computed by one operator: [n, inputChannels, h, w] → [n, outputChannels, ⌊h'/2⌋, ⌊w'/2⌋].
 */
export function forwardConvolutionBlock(
  x: Tensor,
  convolution: Conv2d,
  norm: InstanceNorm,
): Tensor {
  const { weight, bias, padding } = convolution;
  if (bias === null) throw new TypeError('the block needs a convolution with a bias');
  return convolutionBlock(x, weight, bias, norm.weight, norm.bias, padding, normEpsilon);
}

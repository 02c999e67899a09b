import {
  batchNorm,
  conv2d,
  convolutionBlock,
  type Device,
  groupNorm,
  linear,
  noGrad,
  ones,
  type RandomGenerator,
  scope,
  type Tensor,
  zeros,
} from '../tensor/index.js';
import { type Mode, Module } from './module.js';

/** Uniform in ±1/√fanIn: what PyTorch's `reset_parameters` amounts to for convolutions and linear layers. */
function initialWeight(shape: readonly number[], fanIn: number, random: RandomGenerator): Tensor {
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

export interface Conv2dOptions {
  readonly inputChannels: number;
  readonly outputChannels: number;
  /** Side of the square kernel in pixels. */
  readonly kernel: number;
  /** Zero pixels added on each side. */
  readonly padding?: number;
  readonly stride?: number;
  readonly random: RandomGenerator;
}

/** Convolution with bias, initialised like PyTorch's: [n, inputChannels, h, w] → [n, outputChannels, h', w']. */
export class Conv2d extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly padding: number;
  readonly #stride: readonly [number, number];

  constructor({
    inputChannels,
    outputChannels,
    kernel,
    padding = 0,
    stride = 1,
    random,
  }: Conv2dOptions) {
    super();
    const fanIn = inputChannels * kernel * kernel;
    this.weight = this.parameter(
      'weight',
      initialWeight([outputChannels, inputChannels, kernel, kernel], fanIn, random),
    );
    this.bias = this.parameter('bias', initialWeight([outputChannels], fanIn, random));
    this.padding = padding;
    this.#stride = [stride, stride];
  }

  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias, this.#stride, [this.padding, this.padding]);
  }
}

/** Affine map with bias, initialised like PyTorch's: [n, inputs] → [n, outputs]. */
export class Linear extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;

  constructor(inputs: number, outputs: number, random: RandomGenerator) {
    super();
    this.weight = this.parameter('weight', initialWeight([outputs, inputs], inputs, random));
    this.bias = this.parameter('bias', initialWeight([outputs], inputs, random));
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}

/**
 * Instance normalisation with a scale and a shift per channel, as group normalisation with one group per channel:
 * every channel of every image gets mean 0 and variance 1 over its pixels (epsilon 1e-5). Shapes stay.
 */
export class InstanceNorm extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly #channels: number;

  constructor(channels: number, device: Device = 'cpu') {
    super();
    this.#channels = channels;
    this.weight = this.parameter('weight', ones([channels], { device }));
    this.bias = this.parameter('bias', zeros([channels], { device }));
  }

  forward(x: Tensor): Tensor {
    return groupNorm(x, this.#channels, this.weight, this.bias, normEpsilon);
  }
}

const normEpsilon = 1e-5;

/** Batch normalisation over the rows of [n, features] (or the pixels of [n, features, h, w]); PyTorch's defaults. */
export class BatchNorm extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly runningMean: Tensor;
  readonly runningVariance: Tensor;

  constructor(features: number, device: Device = 'cpu') {
    super();
    this.weight = this.parameter('weight', ones([features], { device }));
    this.bias = this.parameter('bias', zeros([features], { device }));
    this.runningMean = this.buffer('running_mean', zeros([features], { device }));
    this.runningVariance = this.buffer('running_var', ones([features], { device }));
  }

  forward(x: Tensor, mode: Mode): Tensor {
    return batchNorm(
      x,
      this.weight,
      this.bias,
      this.runningMean,
      this.runningVariance,
      mode === 'train',
      0.1,
      normEpsilon,
      true,
    );
  }
}

/**
 * The block of a ConvNet: a 3×3 convolution, instance normalisation, ReLU and 2×2 average pooling, computed by one
 * operator: [n, inputChannels, h, w] → [n, outputChannels, ⌊h'/2⌋, ⌊w'/2⌋].
 */
export function forwardConvolutionBlock(
  x: Tensor,
  convolution: Conv2d,
  norm: InstanceNorm,
): Tensor {
  const { weight, bias, padding } = convolution;
  return convolutionBlock(x, weight, bias, norm.weight, norm.bias, padding, normEpsilon);
}

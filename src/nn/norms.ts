import type { ImageShape } from '../core/image-shape.js';
import { UsageError } from '../core/index.js';
import {
  batchNorm,
  type Device,
  groupNorm,
  layerNorm,
  noGrad,
  ones,
  scope,
  type Tensor,
  zeros,
} from '../tensor/index.js';
import { type Mode, Module } from './module.js';

/** The kinds of normalisation that networks offer; see `createNorm`. */
export const normKinds = ['instance', 'batch', 'group', 'layer', 'none'] as const;
export type NormKind = (typeof normKinds)[number];

/** A layer that normalises: shapes stay. */
export interface Norm extends Module {
  forward(x: Tensor, mode: Mode): Tensor;
}

/** Added to variances; PyTorch's default. */
export const normEpsilon = 1e-5;

/** Groups of `group` normalisation, as in the official code. */
const usualGroups = 4;

/**
 * The normalisation of maps of a shape, as the official code has it:
 * - instance: each channel of each image, with a scale and a shift per channel
 * - batch: each channel over the batch (`BatchNorm`)
 * - group: 4 groups of channels of each image; throws UsageError when 4 does not divide the channels
 * - layer: each image, with a scale and a shift per channel and pixel
 * - none: nothing
 *
 * Throws UsageError where instance or group normalisation would have one number to normalise: it would become 0 for
 * every image.
 */
export function createNorm(kind: NormKind, shape: ImageShape, device: Device): Norm {
  const { channels, height, width } = shape;
  switch (kind) {
    case 'instance':
      requireSpread(kind, height * width);
      return new InstanceNorm(channels, device);
    case 'batch':
      return new BatchNorm(channels, device);
    case 'group':
      if (channels % usualGroups !== 0) {
        throw new UsageError(
          `group normalisation takes ${usualGroups} groups of channels, which a layer of ${channels} channels does not have; use a width that ${usualGroups} divides`,
        );
      }
      requireSpread(kind, (channels / usualGroups) * height * width);
      return new GroupNorm(usualGroups, channels, device);
    case 'layer':
      return new LayerNorm([channels, height, width], { device });
    case 'none':
      return new NoNorm();
  }
}

function requireSpread(kind: NormKind, numbers: number): void {
  if (numbers > 1) return;
  throw new UsageError(
    `${kind} normalisation of maps of a single pixel leaves nothing of an image, which images as small as these come to in this network; use norm: batch, layer or none, or a network with fewer layers`,
  );
}

/**
 * Normalises groups of channels of every image to mean 0 and variance 1 over their pixels (epsilon 1e-5), then scales
 * and shifts each channel. [n, channels, h, w], or any number of dimensions after the channels.
 */
export class GroupNorm extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly #groups: number;

  constructor(groups: number, channels: number, device: Device = 'cpu') {
    super();
    this.#groups = groups;
    this.weight = this.parameter('weight', ones([channels], { device }));
    this.bias = this.parameter('bias', zeros([channels], { device }));
  }

  forward(x: Tensor): Tensor {
    return groupNorm(x, this.#groups, this.weight, this.bias, normEpsilon);
  }
}

/** Group normalisation with one group per channel. */
export class InstanceNorm extends GroupNorm {
  constructor(channels: number, device: Device = 'cpu') {
    super(channels, channels, device);
  }
}

export interface LayerNormOptions {
  readonly epsilon?: number;
  readonly device?: Device;
}

/** Normalises over the last dimensions, of the sizes `shape`, with a scale and a shift for each of their elements. */
export class LayerNorm extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly #shape: readonly number[];
  readonly #epsilon: number;

  constructor(
    shape: readonly number[],
    { epsilon = normEpsilon, device = 'cpu' }: LayerNormOptions = {},
  ) {
    super();
    this.#shape = shape;
    this.#epsilon = epsilon;
    this.weight = this.parameter('weight', ones(shape, { device }));
    this.bias = this.parameter('bias', zeros(shape, { device }));
  }

  forward(x: Tensor): Tensor {
    return layerNorm(x, this.#shape, this.weight, this.bias, this.#epsilon);
  }
}

/** What a training batch moves the running statistics by; PyTorch's default. */
const momentum = 0.1;

/**
 * Batch normalisation over the rows of [n, features] (or the pixels of [n, features, h, w]); PyTorch's defaults. Running
 * statistics and the number of batches seen are buffers, under PyTorch's names.
 */
export class BatchNorm extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly runningMean: Tensor;
  readonly runningVariance: Tensor;
  readonly batchesTracked: Tensor;

  constructor(features: number, device: Device = 'cpu') {
    super();
    this.weight = this.parameter('weight', ones([features], { device }));
    this.bias = this.parameter('bias', zeros([features], { device }));
    this.runningMean = this.buffer('running_mean', zeros([features], { device }));
    this.runningVariance = this.buffer('running_var', ones([features], { device }));
    const count = zeros([], { dtype: 'int64', device });
    // Old PyTorch wrote none, and nothing is computed from it.
    this.batchesTracked = this.buffer('num_batches_tracked', count, { dispensable: true });
  }

  forward(x: Tensor, mode: Mode): Tensor {
    const train = mode.kind === 'train';
    if (train)
      scope(() => noGrad(() => void this.batchesTracked.copy_(this.batchesTracked.add(1))));
    return batchNorm(
      x,
      this.weight,
      this.bias,
      this.runningMean,
      this.runningVariance,
      train,
      momentum,
      normEpsilon,
      true,
    );
  }
}

/** Leaves everything as it is. */
class NoNorm extends Module {
  forward(x: Tensor): Tensor {
    return x;
  }
}

import type { ImageShape } from '../core/image-shape.js';
import { UsageError } from '../core/index.js';
import {
  Conv2d,
  dropRows,
  globalAverage,
  LayerNorm,
  Linear,
  type Mode,
  Module,
  ModuleGroup,
} from '../nn/index.js';
import {
  type Device,
  full,
  gelu,
  type RandomGenerator,
  scope,
  type Tensor,
} from '../tensor/index.js';
import { ImageModel, requirePositiveIntegers, type Stage } from './model.js';
import { Maps } from './unit.js';

export interface ConvNextOptions {
  /** Blocks of each of the three stages. */
  readonly depth?: number;
  /** Channels of the first stage; each further one has twice as many. */
  readonly width?: number;
  /** Probability with which a block is skipped for an image in training, in [0, 1). */
  readonly dropPath?: number;
}

export const convNextDefaults = {
  depth: 2,
  width: 64,
  dropPath: 0,
} as const satisfies Required<ConvNextOptions>;

const stageCount = 3;
const epsilon = 1e-6;
const initialScale = 1e-6;

/** Images up to 64×64 are cut into patches of 2×2, larger ones into 4×4. */
function patchSide({ height, width }: ImageShape): number {
  return Math.max(height, width) <= 64 ? 2 : 4;
}

/**
 * A small ConvNeXt (Liu et al. 2022) for CIFAR-sized images: patches, three stages of blocks with 7×7 depthwise
 * convolutions, the mean of each map, a linear classifier. Parameter names and initialisation are those of the authors'
 * code, which has four stages. Throws UsageError for images smaller than 8×8.
 */
export class ConvNext extends ImageModel {
  override readonly featureDimension: number;
  protected override readonly stages: readonly Stage[];
  protected override readonly classifier: Linear;

  constructor(
    input: ImageShape,
    classes: number,
    options: ConvNextOptions,
    random: RandomGenerator,
  ) {
    super();
    const { depth, width, dropPath } = { ...convNextDefaults, ...options };
    requirePositiveIntegers('convnext', { depth, width });
    if (Math.min(input.height, input.width) < 8) {
      throw new UsageError(
        `convnext takes images from 8×8 on, got ${input.height}×${input.width}; use another model`,
      );
    }
    const maps = new Maps(input);
    const downsampling = this.child('downsample_layers', new ModuleGroup());
    const groups = this.child('stages', new ModuleGroup());
    const stages = Array.from({ length: stageCount }, (_, stage): Stage => {
      const size = { outputs: width * 2 ** stage, side: stage === 0 ? patchSide(input) : 2 };
      const type = stage === 0 ? Patches : Halving;
      const reduce = downsampling.add(String(stage), new type(maps, size, random));
      const blocks = Array.from({ length: depth }, (_, index) =>
        groups.add(`${stage}.${index}`, new Block(maps.channels, dropPath, random)),
      );
      return (x, mode) =>
        scope(() => blocks.reduce((inner, block) => block.forward(inner, mode), reduce.forward(x)));
    });
    const { channels } = maps;
    const norm = this.child('norm', new LayerNorm([channels], { epsilon, device: random.device }));
    this.stages = [...stages, (x) => scope(() => norm.forward(globalAverage(x)))];
    this.featureDimension = channels;
    this.classifier = this.child(
      'head',
      new Linear(channels, classes, random, { initialization: 'small' }),
    );
  }
}

interface Reduction {
  readonly outputs: number;
  /** Side of the squares that become one pixel. */
  readonly side: number;
}

/** Turns squares of pixels into one. Moves `maps` on. */
function reducing(maps: Maps, { outputs, side }: Reduction, random: RandomGenerator): Conv2d {
  const inputChannels = maps.channels;
  maps.convolve(outputs, { kernel: side, stride: side });
  return new Conv2d({
    inputChannels,
    outputChannels: outputs,
    kernel: side,
    stride: side,
    initialization: 'small',
    random,
  });
}

/** Normalises over the channels of each pixel: [n, c, h, w] stays. */
function normalizePixels(x: Tensor, norm: LayerNorm): Tensor {
  return norm.forward(x.permute([0, 2, 3, 1])).permute([0, 3, 1, 2]);
}

function pixelNorm(channels: number, device: Device): LayerNorm {
  return new LayerNorm([channels], { epsilon, device });
}

/** The first layer: patches, then normalisation. */
class Patches extends Module {
  readonly #convolution: Conv2d;
  readonly #norm: LayerNorm;

  constructor(maps: Maps, reduction: Reduction, random: RandomGenerator) {
    super();
    this.#convolution = this.child('0', reducing(maps, reduction, random));
    this.#norm = this.child('1', pixelNorm(maps.channels, random.device));
  }

  forward(x: Tensor): Tensor {
    return scope(() => normalizePixels(this.#convolution.forward(x), this.#norm));
  }
}

/** Between two stages: normalisation, then a convolution that halves the maps. */
class Halving extends Module {
  readonly #norm: LayerNorm;
  readonly #convolution: Conv2d;

  constructor(maps: Maps, reduction: Reduction, random: RandomGenerator) {
    super();
    this.#norm = this.child('0', pixelNorm(maps.channels, random.device));
    this.#convolution = this.child('1', reducing(maps, reduction, random));
  }

  forward(x: Tensor): Tensor {
    return scope(() => this.#convolution.forward(normalizePixels(x, this.#norm)));
  }
}

/** x + γ · F(x): depthwise convolution, normalisation, and two linear layers with GELU on each pixel. */
class Block extends Module {
  readonly #scale: Tensor;
  readonly #depthwise: Conv2d;
  readonly #norm: LayerNorm;
  readonly #expand: Linear;
  readonly #contract: Linear;
  readonly #dropPath: number;

  constructor(channels: number, dropPath: number, random: RandomGenerator) {
    super();
    const { device } = random;
    const small = { initialization: 'small' } as const;
    this.#dropPath = dropPath;
    this.#scale = this.parameter('gamma', full([channels], initialScale, { device }));
    const convolution = {
      inputChannels: channels,
      outputChannels: channels,
      kernel: 7,
      padding: 3,
      groups: channels,
      random,
      ...small,
    };
    this.#depthwise = this.child('dwconv', new Conv2d(convolution));
    this.#norm = this.child('norm', pixelNorm(channels, device));
    this.#expand = this.child('pwconv1', new Linear(channels, 4 * channels, random, small));
    this.#contract = this.child('pwconv2', new Linear(4 * channels, channels, random, small));
  }

  forward(x: Tensor, mode: Mode): Tensor {
    return scope(() => {
      const pixels = this.#norm.forward(this.#depthwise.forward(x).permute([0, 2, 3, 1]));
      const inner = this.#contract.forward(gelu(this.#expand.forward(pixels)));
      const scaled = inner.mul(this.#scale).permute([0, 3, 1, 2]);
      return x.add(dropRows(scaled, this.#dropPath, mode));
    });
  }
}

import { Conv2d, forwardConvolutionBlock, InstanceNorm, Linear, Module } from '../nn/index.js';
import { type RandomGenerator, scope, type Tensor, UsageError } from '../tensor/index.js';
import { ImageModel, type InputShape } from './model.js';

export interface ConvNetOptions {
  /** Number of blocks; each halves the image (3 for 32×32, 4 for 64×64, 5 for 128×128). */
  readonly depth?: number;
  /** Channels of every block. */
  readonly width?: number;
}

/** 28×28 grey images are padded to 32×32 by the first convolution, as in the literature. */
function firstPadding({ channels, height, width }: InputShape): number {
  return channels === 1 && height === 28 && width === 28 ? 3 : 1;
}

/**
 * The ConvNet of dataset distillation: `depth` blocks of 3×3 convolution, instance normalisation, ReLU and 2×2 average
 * pooling, then a linear classifier (Gidaris & Komodakis 2018; the paper's §5.1: depth 3, width 128 for 32×32).
 * Parameter names are those of the official code. Throws UsageError when the image is too small for the depth.
 */
export class ConvNet extends ImageModel {
  override readonly featureDimension: number;
  readonly #blocks: { readonly convolution: Conv2d; readonly norm: InstanceNorm }[];
  readonly #classifier: Linear;

  constructor(
    input: InputShape,
    classes: number,
    options: ConvNetOptions,
    random: RandomGenerator,
  ) {
    super();
    const { depth = 3, width = 128 } = options;
    if (![depth, width].every((size) => Number.isInteger(size) && size >= 1)) {
      throw new UsageError(
        `a ConvNet's depth and width are positive integers, got ${depth} and ${width}`,
      );
    }
    const grown = 2 * (firstPadding(input) - 1);
    const side = (size: number): number => (size + grown) >> depth;
    const [height, breadth] = [side(input.height), side(input.width)];
    if (height < 1 || breadth < 1) {
      throw new UsageError(
        `a ConvNet of depth ${depth} halves the image ${depth} times, which ${input.height}×${input.width} images do not allow; use a smaller depth`,
      );
    }
    const layers = this.child('layers', new Layers(input, depth, width, random));
    this.#blocks = layers.blocks;
    this.featureDimension = width * height * breadth;
    this.#classifier = this.child('classifier', new Linear(this.featureDimension, classes, random));
  }

  override features(images: Tensor): Tensor {
    return scope(() => {
      let maps = images;
      for (const { convolution, norm } of this.#blocks)
        maps = forwardConvolutionBlock(maps, convolution, norm);
      return maps.reshape([maps.size(0), this.featureDimension]);
    });
  }

  override classify(features: Tensor): Tensor {
    return this.#classifier.forward(features);
  }
}

/** Holds the blocks under the official code's names: layers.conv.0.weight, layers.norm.0.weight, … */
class Layers extends Module {
  readonly blocks: { readonly convolution: Conv2d; readonly norm: InstanceNorm }[] = [];

  constructor(input: InputShape, depth: number, width: number, random: RandomGenerator) {
    super();
    for (let block = 0; block < depth; block++) {
      const convolution = new Conv2d({
        inputChannels: block === 0 ? input.channels : width,
        outputChannels: width,
        kernel: 3,
        padding: block === 0 ? firstPadding(input) : 1,
        random,
      });
      this.blocks.push({
        convolution: this.child(`conv.${block}`, convolution),
        norm: this.child(`norm.${block}`, new InstanceNorm(width, random.device)),
      });
    }
  }
}

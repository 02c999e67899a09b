import type { ImageShape } from '../core/image-shape.js';
import type { RandomGenerator } from '../tensor/index.js';
import { ConvolutionChain, type Link, type LinkStyle } from './chain.js';
import { requireOneOf, requirePositiveIntegers } from './model.js';

export const vggDepths = [11, 13, 16, 19] as const;

export interface VggOptions extends Partial<LinkStyle> {
  /** Which VGG: its layers with weights in the original, of whose three linear ones one is left. */
  readonly depth?: (typeof vggDepths)[number];
  /** Channels of the first convolution; the deepest have eight times as many. */
  readonly width?: number;
  /** Share of the features that are dropped before the classifier in training, in [0, 1). */
  readonly dropout?: number;
}

export const vggDefaults = {
  depth: 11,
  width: 64,
  norm: 'instance',
  activation: 'relu',
  pooling: 'max',
  dropout: 0,
} as const satisfies Required<VggOptions>;

/** Convolutions between two poolings. */
const convolutions: Record<(typeof vggDepths)[number], readonly number[]> = {
  11: [1, 1, 2, 2, 2],
  13: [2, 2, 2, 2, 2],
  16: [2, 2, 3, 3, 3],
  19: [2, 2, 4, 4, 4],
};

/** Channels of the stretches between poolings, in units of the width. */
const multiples = [1, 2, 4, 8, 8];

/**
 * VGG-11, 13, 16 and 19 (Simonyan & Zisserman 2015) with one linear layer, as dataset distillation has them: 3×3
 * convolutions with five 2×2 max poolings, 512 features for 32×32 images. Parameter names are the official code's; those
 * of `features` are torchvision's too (`norm: batch` for its vgg11_bn, `norm: none` for its vgg11).
 */
export class Vgg extends ConvolutionChain {
  constructor(input: ImageShape, classes: number, options: VggOptions, random: RandomGenerator) {
    const { depth, width, ...rest } = { ...vggDefaults, ...options };
    requireOneOf('vgg', 'depth', depth, vggDepths);
    requirePositiveIntegers('vgg', { width });
    const links = convolutions[depth].flatMap((count, stretch) =>
      Array.from(
        { length: count },
        (_, index): Link => ({
          channels: width * multiples[stretch]!,
          kernel: 3,
          pooled: index === count - 1,
        }),
      ),
    );
    super(input, classes, { ...rest, links, classifierName: 'classifier' }, random);
  }
}

import type { ImageShape } from '../core/image-shape.js';
import type { RandomGenerator } from '../tensor/index.js';
import { ConvolutionChain, type Link, type LinkStyle } from './chain.js';
import { requirePositiveIntegers } from './model.js';

export interface AlexNetOptions extends Partial<LinkStyle> {
  /** Channels of the first convolution; the others' are in the proportion that 128 has to the usual ones. */
  readonly width?: number;
  /** Share of the features that are dropped before the classifier in training, in [0, 1). */
  readonly dropout?: number;
}

export const alexNetDefaults = {
  width: 128,
  norm: 'none',
  activation: 'relu',
  pooling: 'max',
  dropout: 0,
} as const satisfies Required<AlexNetOptions>;

const usualLinks: readonly Link[] = [
  { channels: 128, kernel: 5, pooled: true },
  { channels: 192, kernel: 5, pooled: true },
  { channels: 256, kernel: 3, pooled: false },
  { channels: 192, kernel: 3, pooled: false },
  { channels: 192, kernel: 3, pooled: true },
];

/**
 * AlexNet (Krizhevsky et al. 2012) at the size that dataset distillation uses for 32×32 images: five convolutions, three
 * 2×2 max poolings, one linear layer. Parameter names are the official code's, with batch normalisation those of its
 * AlexNetBN; torchvision's AlexNet is another network.
 */
export class AlexNet extends ConvolutionChain {
  constructor(
    input: ImageShape,
    classes: number,
    options: AlexNetOptions,
    random: RandomGenerator,
  ) {
    const { width, ...rest } = { ...alexNetDefaults, ...options };
    requirePositiveIntegers('alexnet', { width });
    const links = usualLinks.map((link) => ({
      ...link,
      channels: Math.max(1, Math.round((link.channels * width) / alexNetDefaults.width)),
    }));
    super(input, classes, { ...rest, links, classifierName: 'fc' }, random);
  }
}

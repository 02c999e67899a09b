import type { ImageShape } from '../core/image-shape.js';
import { activate, Linear, ModuleGroup } from '../nn/index.js';
import { type RandomGenerator, scope } from '../tensor/index.js';
import { addChain, chainStages, type Link, type LinkStyle } from './chain.js';
import { ImageModel, requirePositiveIntegers, type Stage } from './model.js';
import { Maps } from './unit.js';

export interface LeNetOptions extends Partial<LinkStyle> {
  /** Channels of the first convolution; all other widths are in the proportion that 6 has to the usual ones. */
  readonly width?: number;
}

export const leNetDefaults = {
  width: 6,
  norm: 'none',
  activation: 'relu',
  pooling: 'max',
} as const satisfies Required<LeNetOptions>;

const usual = { first: 6, second: 16, hidden: 120, features: 84 };
/** From this side on two 5×5 convolutions and two poolings leave a pixel. */
const roomy = 16;

/**
 * LeNet-5 (LeCun et al. 1998) as the official code has it: two 5×5 convolutions with ReLU and 2×2 max pooling, then
 * three linear layers. Images smaller than 16×16 are padded by both convolutions, which the official code cannot take.
 * Parameter names are the official code's: features.0, features.3, fc_1, fc_2, fc_3.
 */
export class LeNet extends ImageModel {
  override readonly featureDimension: number;
  protected override readonly stages: readonly Stage[];
  protected override readonly classifier: Linear;

  constructor(input: ImageShape, classes: number, options: LeNetOptions, random: RandomGenerator) {
    super();
    const { width, ...style } = { ...leNetDefaults, ...options };
    requirePositiveIntegers('lenet', { width });
    const scaled = (size: number): number => Math.round((size * width) / usual.first);
    const padding = Math.min(input.height, input.width) < roomy ? 2 : 0;
    const links = [width, scaled(usual.second)].map(
      (channels): Link => ({ channels, kernel: 5, padding, pooled: true }),
    );
    const maps = new Maps(input);
    const units = addChain(this.child('features', new ModuleGroup()), maps, links, style, random);
    const [hidden, last] = [scaled(usual.hidden), scaled(usual.features)];
    const first = this.child('fc_1', new Linear(maps.size, hidden, random));
    const second = this.child('fc_2', new Linear(hidden, last, random));
    const { activation } = style;
    this.stages = [
      ...chainStages(units),
      (x) => scope(() => activate(first.forward(x.reshape([x.size(0), maps.size])), activation)),
      (x) => scope(() => activate(second.forward(x), activation)),
    ];
    this.featureDimension = last;
    this.classifier = this.child('fc_3', new Linear(last, classes, random));
  }
}

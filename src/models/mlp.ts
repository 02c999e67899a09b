import type { ImageShape } from '../core/image-shape.js';
import { type Activation, activate, Linear } from '../nn/index.js';
import { type RandomGenerator, scope } from '../tensor/index.js';
import { ImageModel, requirePositiveIntegers, type Stage } from './model.js';

export interface MlpOptions {
  /** Linear layers, the classifier included; at least 2. */
  readonly depth?: number;
  /** Numbers in each layer but the last. */
  readonly width?: number;
  readonly activation?: Activation;
  /** Share of the features that are dropped before the classifier in training, in [0, 1). */
  readonly dropout?: number;
}

export const mlpDefaults = {
  depth: 3,
  width: 128,
  activation: 'relu',
  dropout: 0,
} as const satisfies Required<MlpOptions>;

/** Linear layers with activations between them. Parameter names are those of the official code: fc_1, fc_2, fc_3. */
export class Mlp extends ImageModel {
  override readonly featureDimension: number;
  protected override readonly stages: readonly Stage[];
  protected override readonly classifier: Linear;
  protected override readonly dropout: number;

  constructor(input: ImageShape, classes: number, options: MlpOptions, random: RandomGenerator) {
    super();
    const { depth, width, activation, dropout } = { ...mlpDefaults, ...options };
    requirePositiveIntegers('mlp', { 'depth - 1': depth - 1, width });
    const pixels = input.channels * input.height * input.width;
    const hidden = Array.from({ length: depth - 1 }, (_, layer) =>
      this.child(`fc_${layer + 1}`, new Linear(layer === 0 ? pixels : width, width, random)),
    );
    this.stages = hidden.map(
      (layer, index): Stage =>
        (x) =>
          scope(() => {
            const rows = index === 0 ? x.reshape([x.size(0), pixels]) : x;
            return activate(layer.forward(rows), activation);
          }),
    );
    this.featureDimension = width;
    this.classifier = this.child(`fc_${depth}`, new Linear(width, classes, random));
    this.dropout = dropout;
  }
}

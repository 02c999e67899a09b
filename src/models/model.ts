import { Module } from '../nn/index.js';
import { scope, type Tensor } from '../tensor/index.js';

/** The images a network takes. */
export interface InputShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/**
 * An image classifier seen as a feature extractor and a linear classifier on top. `features` is what distributions are
 * matched on: the flattened last feature map.
 */
export abstract class ImageModel extends Module {
  /** The number of features per image. */
  abstract readonly featureDimension: number;

  /** Normalised images [n, c, h, w] → features [n, featureDimension]. */
  abstract features(images: Tensor): Tensor;

  /** Features [n, featureDimension] → class scores [n, classes] (logits). */
  abstract classify(features: Tensor): Tensor;

  /** Normalised images [n, c, h, w] → class scores [n, classes] (logits). */
  logits(images: Tensor): Tensor {
    return scope(() => this.classify(this.features(images)));
  }
}

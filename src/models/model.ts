import type { ImageShape } from '../core/image-shape.js';
import { UsageError } from '../core/index.js';
import {
  type Direction,
  type Dual,
  dropout,
  evaluation,
  type Linear,
  type Mode,
  Module,
  moveLinear,
} from '../nn/index.js';
import { scope, type Tensor } from '../tensor/index.js';

/** A step on the way from images to features; its result is one of the network's layers. */
export type Stage = (x: Tensor, mode: Mode) => Tensor;

/**
 * An image classifier seen as a feature extractor and a linear classifier on top. `features` is what distributions are
 * matched on: the flattened last layer. Whether batch normalisation and dropout behave as in training is an argument,
 * by default they do not; so matching sees running statistics, blended like the parameters.
 */
export abstract class ImageModel extends Module {
  abstract readonly featureDimension: number;

  /** The layers in order; the last one's result, flattened, is the features. */
  protected abstract readonly stages: readonly Stage[];

  protected abstract readonly classifier: Linear;

  /** Share of the features that are dropped before the classifier in training, in [0, 1). */
  protected readonly dropout: number = 0;

  /** Normalised images [n, c, h, w] → features [n, featureDimension]. */
  features(images: Tensor, mode: Mode = evaluation): Tensor {
    return scope(() => {
      let x = images;
      for (const stage of this.stages) {
        const next = scope(() => stage(x, mode));
        // At once, not at the end: without gradients the maps of one layer at a time are in memory.
        if (x !== images && x !== next) x.dispose();
        x = next;
      }
      return flattened(x);
    });
  }

  /**
   * The results of every layer from the first to the last, flattened: normalised images [n, c, h, w] → one [n, dᵢ] for
   * each layer. The last are the features.
   */
  layers(images: Tensor, mode: Mode = evaluation): Tensor[] {
    return scope(() => {
      const results: Tensor[] = [];
      let x = images;
      for (const stage of this.stages) {
        const input = x;
        x = scope(() => stage(input, mode));
        results.push(flattened(x));
      }
      return results;
    });
  }

  /** Features [n, featureDimension] → class scores [n, classes] (logits). */
  classify(features: Tensor): Tensor {
    return this.classifier.forward(features);
  }

  /** Normalised images [n, c, h, w] → class scores [n, classes] (logits). */
  logits(images: Tensor, mode: Mode = evaluation): Tensor {
    return scope(() => this.classify(dropout(this.features(images, mode), this.dropout, mode)));
  }

  /**
   * The class scores in evaluation and their derivative when the parameters move along a direction, [n, classes] both;
   * they can be differentiated once. Undefined where the network has no operators for it.
   */
  moveLogits(images: Tensor, direction: Direction): Dual | undefined {
    return scope(() => {
      const features = this.moveFeatures(images, direction);
      return features && moveLinear(features, this.classifier, direction);
    });
  }

  /** `features` and their derivative, for networks that have operators for it. */
  protected moveFeatures(_images: Tensor, _direction: Direction): Dual | undefined {
    return undefined;
  }
}

/** [n, …] → [n, d], row by row. */
export function flattened(x: Tensor): Tensor {
  const { shape } = x;
  return x.reshape([shape[0]!, shape.slice(1).reduce((product, size) => product * size, 1)]);
}

/** 28×28 grey images are padded to 32×32 by the first convolution, as in the literature. */
export function isPaddedTo32({ channels, height, width }: ImageShape): boolean {
  return channels === 1 && height === 28 && width === 28;
}

/** Throws UsageError unless all sizes are positive integers. */
export function requirePositiveIntegers(
  model: string,
  sizes: { readonly [name: string]: number },
): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (Number.isInteger(size) && size >= 1) continue;
    throw new UsageError(`${model}: ${name} is a positive integer, got ${size}`);
  }
}

/** Throws UsageError unless `value` is one of `known`. */
export function requireOneOf<T extends string | number>(
  model: string,
  name: string,
  value: T,
  known: readonly T[],
): void {
  if (known.includes(value)) return;
  throw new UsageError(`${model}: ${name} is one of ${known.join(', ')}, got ${value}`);
}

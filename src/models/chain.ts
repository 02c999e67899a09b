import type { ImageShape } from '../core/image-shape.js';
import {
  type Activation,
  Conv2d,
  Linear,
  ModuleGroup,
  type NormKind,
  type Pooling,
} from '../nn/index.js';
import type { RandomGenerator } from '../tensor/index.js';
import { ImageModel, isPaddedTo32, type Stage } from './model.js';
import { forwardUnit, Maps, type Unit } from './unit.js';

/** One convolution of a chain. */
export interface Link {
  readonly channels: number;
  /** Side of the kernel, odd. */
  readonly kernel: number;
  /** Zero pixels on each side; when left out, as many as leave the map's size. */
  readonly padding?: number;
  /** Whether a 2×2 pooling follows. */
  readonly pooled: boolean;
}

/** What follows each convolution of a chain. */
export interface LinkStyle {
  readonly norm: NormKind;
  readonly activation: Activation;
  readonly pooling: Exclude<Pooling, 'none'>;
}

/**
 * Adds a chain of convolutions to `group` with the numbers that `nn.Sequential` would give its layers, activations and
 * poolings counted. Moves `maps` on. The first convolution pads 28×28 grey images to 32×32.
 */
export function addChain(
  group: ModuleGroup,
  maps: Maps,
  links: readonly Link[],
  { norm, activation, pooling }: LinkStyle,
  random: RandomGenerator,
): Unit[] {
  const more = isPaddedTo32(maps) ? 2 : 0;
  let number = 0;
  return links.map(({ channels, kernel, padding = (kernel - 1) / 2, pooled }, index) => {
    const size = { kernel, padding: padding + (index === 0 ? more : 0) };
    const convolution = new Conv2d({
      inputChannels: maps.channels,
      outputChannels: channels,
      ...size,
      random,
    });
    maps.convolve(channels, size);
    const unit: Unit = {
      convolution: group.add(String(number), convolution),
      norm: group.add(String(number + 1), maps.norm(norm, random.device)),
      activation,
      pooling: pooled ? maps.pool(pooling) : 'none',
    };
    // Convolution, norm if any, activation, pooling if any.
    number += 2 + (norm === 'none' ? 0 : 1) + (pooled ? 1 : 0);
    return unit;
  });
}

export function chainStages(units: readonly Unit[]): Stage[] {
  return units.map(
    (unit): Stage =>
      (x, mode) =>
        forwardUnit(x, unit, mode),
  );
}

export interface ChainOptions extends LinkStyle {
  readonly links: readonly Link[];
  readonly dropout: number;
  /** What the classifier is called in state dictionaries. */
  readonly classifierName: string;
}

/** A chain of convolutions with a linear classifier: AlexNet and the VGGs as dataset distillation has them. */
export class ConvolutionChain extends ImageModel {
  override readonly featureDimension: number;
  protected override readonly stages: readonly Stage[];
  protected override readonly classifier: Linear;
  protected override readonly dropout: number;

  constructor(input: ImageShape, classes: number, options: ChainOptions, random: RandomGenerator) {
    super();
    const { links, dropout, classifierName } = options;
    const maps = new Maps(input);
    const features = this.child('features', new ModuleGroup());
    this.stages = chainStages(addChain(features, maps, links, options, random));
    this.featureDimension = maps.size;
    this.classifier = this.child(classifierName, new Linear(maps.size, classes, random));
    this.dropout = dropout;
  }
}

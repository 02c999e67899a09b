import type { ImageShape } from '../core/image-shape.js';
import { UsageError } from '../core/index.js';
import {
  type Activation,
  Conv2d,
  type Direction,
  type Dual,
  forwardConvolutionBlock,
  InstanceNorm,
  Linear,
  Module,
  moveConvolutionBlock,
  type NormKind,
  type Pooling,
} from '../nn/index.js';
import { type RandomGenerator, scope, type Tensor } from '../tensor/index.js';
import {
  flattened,
  ImageModel,
  isPaddedTo32,
  requirePositiveIntegers,
  type Stage,
} from './model.js';
import { forwardUnit, Maps, type Unit } from './unit.js';

export interface ConvNetOptions {
  /** Number of blocks; each halves the image unless pooling is none. 'auto' for what `convNetDepth` gives. */
  readonly depth?: number | 'auto';
  /** Channels of every block. */
  readonly width?: number;
  readonly norm?: NormKind;
  readonly activation?: Activation;
  readonly pooling?: Pooling;
}

/** The ConvNet of the paper's §5.1. */
export const convNetDefaults = {
  depth: 'auto',
  width: 128,
  norm: 'instance',
  activation: 'relu',
  pooling: 'average',
} as const satisfies Required<ConvNetOptions>;

/**
 * The depth that the literature takes for images of a size: so many halvings that maps of about 4×4 are left, 3 for
 * 32×32, 4 for 64×64, 5 for 128×128, 6 for 224×224; at least 1.
 */
export function convNetDepth(input: ImageShape): number {
  const side = Math.min(input.height, input.width) + (isPaddedTo32(input) ? 4 : 0);
  return Math.max(1, Math.round(Math.log2(side / 4)));
}

/** The same options with the depth that they come to for images of a size. */
export function withDepth<Options extends ConvNetOptions>(
  options: Options,
  input: ImageShape,
): Options & { readonly depth: number } {
  const { depth = 'auto' } = options;
  return { ...options, depth: depth === 'auto' ? convNetDepth(input) : depth };
}

/**
 * The ConvNet of dataset distillation (Gidaris & Komodakis 2018): `depth` blocks of 3×3 convolution, normalisation,
 * activation and 2×2 pooling, then a linear classifier. Parameter names are those of the official code. Throws
 * UsageError when the image is too small for the depth.
 */
export class ConvNet extends ImageModel {
  override readonly featureDimension: number;
  protected override readonly stages: readonly Stage[];
  protected override readonly classifier: Linear;
  readonly #blocks: readonly Unit[];

  constructor(
    input: ImageShape,
    classes: number,
    options: ConvNetOptions,
    random: RandomGenerator,
  ) {
    super();
    const complete = withDepth({ ...convNetDefaults, ...options }, input);
    requirePositiveIntegers('convnet', { depth: complete.depth, width: complete.width });
    requireRoom(input, complete);
    const { blocks, featureDimension } = this.child('layers', new Layers(input, complete, random));
    this.#blocks = blocks;
    this.stages = blocks.map(stageOf);
    this.featureDimension = featureDimension;
    this.classifier = this.child('classifier', new Linear(featureDimension, classes, random));
  }

  protected override moveFeatures(images: Tensor, direction: Direction): Dual | undefined {
    const blocks = this.#blocks;
    if (images.device !== 'cpu' || images.dtype !== 'float32' || !blocks.every(isUsual)) return;
    return scope(() => {
      const still: Dual<Tensor | null> = { value: images, tangent: null };
      const { value, tangent } = blocks.reduce(
        (x, { convolution, norm }) => moveConvolutionBlock(x, convolution, norm, direction),
        still,
      ) as Dual;
      return { value: flattened(value), tangent: flattened(tangent) };
    });
  }
}

function requireRoom(
  input: ImageShape,
  { depth, pooling }: { readonly depth: number; readonly pooling: Pooling },
): void {
  const side = Math.min(input.height, input.width) + (isPaddedTo32(input) ? 4 : 0);
  if (pooling === 'none' || side >> depth >= 1) return;
  throw new UsageError(
    `a ConvNet of depth ${depth} halves the image ${depth} times, which ${input.height}×${input.width} images do not allow; use a smaller depth`,
  );
}

/** Instance normalisation, ReLU and average pooling have one operator together with the convolution. */
function isUsual(unit: Unit): unit is Unit & { readonly norm: InstanceNorm } {
  const { norm, activation, pooling } = unit;
  return norm instanceof InstanceNorm && activation === 'relu' && pooling === 'average';
}

function stageOf(unit: Unit): Stage {
  return (x, mode) =>
    mode.kind === 'twice-differentiable' || !isUsual(unit)
      ? forwardUnit(x, unit, mode)
      : forwardConvolutionBlock(x, unit.convolution, unit.norm);
}

/** Holds the blocks under the official code's names: layers.conv.0.weight, layers.norm.0.weight, … */
class Layers extends Module {
  readonly blocks: Unit[] = [];
  readonly featureDimension: number;

  constructor(
    input: ImageShape,
    {
      depth,
      width,
      norm,
      activation,
      pooling,
    }: Required<ConvNetOptions> & { readonly depth: number },
    random: RandomGenerator,
  ) {
    super();
    const maps = new Maps(input);
    for (let block = 0; block < depth; block++) {
      const padding = block === 0 && isPaddedTo32(input) ? 3 : 1;
      const convolution = new Conv2d({
        inputChannels: maps.channels,
        outputChannels: width,
        kernel: 3,
        padding,
        random,
      });
      maps.convolve(width, { kernel: 3, padding });
      this.blocks.push({
        convolution: this.child(`conv.${block}`, convolution),
        norm: this.child(`norm.${block}`, maps.norm(norm, random.device)),
        activation,
        pooling: maps.pool(pooling),
      });
    }
    this.featureDimension = maps.size;
  }
}

import type { ImageShape } from '../core/image-shape.js';
import {
  type Activation,
  activate,
  globalAverage,
  Linear,
  ModuleGroup,
  type NormKind,
  pool,
} from '../nn/index.js';
import { maxPool2d, type RandomGenerator, scope } from '../tensor/index.js';
import { ImageModel, requireOneOf, requirePositiveIntegers, type Stage } from './model.js';
import { ResidualBlock, type ResidualStyle, residualConvolution } from './residual.js';
import { Maps } from './unit.js';

export const resNetDepths = [10, 18, 34, 50] as const;

/**
 * How a residual network begins:
 * - cifar: a 3×3 convolution, images up to 64×64
 * - middle: a 3×3 convolution and a pooling that halves, up to 128×128
 * - imagenet: a 7×7 convolution and a pooling that together quarter, for larger images
 */
export const resNetStems = ['cifar', 'middle', 'imagenet'] as const;
export type ResNetStem = (typeof resNetStems)[number];

export interface ResNetOptions {
  /** Layers with weights; 50 has bottleneck blocks. */
  readonly depth?: (typeof resNetDepths)[number];
  /** Channels of the first stage, of which the last has eight times as many (32 times with bottlenecks). */
  readonly width?: number;
  readonly norm?: NormKind;
  readonly activation?: Activation;
  /** By the size of the images when left out, as in the official code. */
  readonly stem?: ResNetStem;
}

export const resNetDefaults = {
  depth: 18,
  width: 64,
  norm: 'instance',
  activation: 'relu',
} as const satisfies Omit<Required<ResNetOptions>, 'stem'>;

/** Blocks of the four stages. */
const blockCounts: Record<(typeof resNetDepths)[number], readonly number[]> = {
  10: [1, 1, 1, 1],
  18: [2, 2, 2, 2],
  34: [3, 4, 6, 3],
  50: [3, 4, 6, 3],
};

function usualStem({ height, width }: ImageShape): ResNetStem {
  const side = Math.max(height, width);
  return side <= 64 ? 'cifar' : side <= 128 ? 'middle' : 'imagenet';
}

/**
 * A residual network: a stem, four stages of blocks, the mean of each map, a linear classifier. Parameters are named
 * and initialised as in torchvision; a state with the official code's spellings (layer0.conv1, shortcut, classifier)
 * loads as well.
 */
abstract class ResidualNetwork extends ImageModel {
  override readonly featureDimension: number;
  protected override readonly stages: readonly Stage[];
  protected override readonly classifier: Linear;

  constructor(
    input: ImageShape,
    classes: number,
    options: ResNetOptions & { readonly averaged: boolean },
    random: RandomGenerator,
  ) {
    super();
    const { depth, width, norm, activation, averaged } = { ...resNetDefaults, ...options };
    const { stem = usualStem(input) } = options;
    requireOneOf('resnet', 'depth', depth, resNetDepths);
    requirePositiveIntegers('resnet', { width });
    const style: ResidualStyle = { norm, activation, averaged, random };
    const maps = new Maps(input);
    this.stages = [
      this.#stem(maps, width, stem, style),
      ...blockCounts[depth].map((count, stage) => {
        const channels = width * 2 ** stage;
        const group = this.child(`layer${stage + 1}`, new ModuleGroup());
        return stageOf(
          Array.from({ length: count }, (_, index) => {
            const stride = stage > 0 && index === 0 ? 2 : 1;
            const block = { bottleneck: depth >= 50, channels, stride };
            return group.add(String(index), new ResidualBlock(maps, block, style));
          }),
        );
      }),
      globalAverage,
    ];
    this.featureDimension = maps.channels;
    this.classifier = this.child('fc', new Linear(maps.channels, classes, random));
  }

  /** Moves `maps` behind the stem. */
  #stem(maps: Maps, width: number, stem: ResNetStem, style: ResidualStyle): Stage {
    const { norm: kind, activation, averaged, random } = style;
    const large = stem === 'imagenet';
    const shape = { kernel: large ? 7 : 3, stride: large && !averaged ? 2 : 1 };
    const convolution = this.child('conv1', residualConvolution(maps, width, shape, style));
    const norm = this.child('bn1', maps.norm(kind, random.device));
    const side = large ? 4 : 2;
    const pooling = stem !== 'cifar' && averaged ? maps.pool('average', side) : 'none';
    const overlapping = stem !== 'cifar' && !averaged;
    if (overlapping) maps.convolve(width, { kernel: 3, padding: 1, stride: 2 });
    return (x, mode) =>
      scope(() => {
        const active = activate(norm.forward(convolution.forward(x), mode), activation);
        return overlapping
          ? maxPool2d(active, [3, 3], [2, 2], [1, 1])
          : pool(active, pooling, side);
      });
  }

  protected override ownName(name: string): string {
    return name
      .replace(/^layer0\./, '')
      .replace('.shortcut.', '.downsample.')
      .replace(/^classifier\./, 'fc.');
  }
}

function stageOf(blocks: readonly ResidualBlock[]): Stage {
  return (x, mode) => scope(() => blocks.reduce((maps, block) => block.forward(maps, mode), x));
}

/** ResNet-10, 18, 34 and 50 (He et al. 2016): maps become smaller by convolutions of stride 2. */
export class ResNet extends ResidualNetwork {
  constructor(input: ImageShape, classes: number, options: ResNetOptions, random: RandomGenerator) {
    super(input, classes, { ...options, averaged: false }, random);
  }
}

/** A residual network whose maps become smaller by average pooling, as the official code has it after DC and IDC. */
export class ResNetAp extends ResidualNetwork {
  constructor(input: ImageShape, classes: number, options: ResNetOptions, random: RandomGenerator) {
    super(input, classes, { ...options, averaged: true }, random);
  }
}

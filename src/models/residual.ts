import {
  type Activation,
  activate,
  Conv2d,
  type Mode,
  Module,
  type Norm,
  type NormKind,
  type Pooling,
  pool,
} from '../nn/index.js';
import { type RandomGenerator, scope, type Tensor } from '../tensor/index.js';
import { Maps } from './unit.js';

/** How a residual network is built, the same for all its blocks. */
export interface ResidualStyle {
  readonly norm: NormKind;
  readonly activation: Activation;
  /** Whether maps become smaller by average pooling after a convolution, rather than by its stride. */
  readonly averaged: boolean;
  readonly random: RandomGenerator;
}

export interface BlockShape {
  /** Three convolutions, 1×1, 3×3 and 1×1 with four times the channels, rather than two of 3×3. */
  readonly bottleneck: boolean;
  /** Channels of the first convolution. */
  readonly channels: number;
  readonly stride: number;
}

/** A convolution and what follows it. */
interface Step {
  readonly convolution: Conv2d;
  readonly norm: Norm;
  readonly pooling: Pooling;
}

/** Channels that a block gives. */
export function blockChannels({ bottleneck, channels }: Omit<BlockShape, 'stride'>): number {
  return bottleneck ? 4 * channels : channels;
}

/** A convolution for residual networks: a bias only where no normalisation follows. Moves `maps` on. */
export function residualConvolution(
  maps: Maps,
  outputChannels: number,
  { kernel, stride = 1 }: { readonly kernel: number; readonly stride?: number },
  { norm, random }: Pick<ResidualStyle, 'norm' | 'random'>,
): Conv2d {
  const padding = (kernel - 1) / 2;
  const options = {
    inputChannels: maps.channels,
    outputChannels,
    kernel,
    stride,
    padding,
    bias: norm === 'none',
    initialization: 'fan-out',
    random,
  } as const;
  maps.convolve(outputChannels, { kernel, padding, stride });
  return new Conv2d(options);
}

/**
 * A block of a residual network (He et al. 2016): x + F(x), activated, with a 1×1 convolution of x where the shape
 * changes. Parameter names are torchvision's: conv1, bn1, …, downsample.0, downsample.1; with average pooling the
 * normalisation of the shortcut is downsample.2, as in the official code.
 */
export class ResidualBlock extends Module {
  readonly #steps: readonly Step[];
  readonly #shortcut: Step | undefined;
  readonly #stride: number;
  readonly #activation: Activation;

  /** Moves `maps` from the block's input to its output. */
  constructor(maps: Maps, shape: BlockShape, style: ResidualStyle) {
    super();
    const input = new Maps(maps);
    this.#activation = style.activation;
    this.#stride = shape.stride;
    this.#steps = stepsOf(shape).map(({ kernel, channels, stride }, index): Step => {
      const convolution = residualConvolution(
        maps,
        channels,
        { kernel, stride: style.averaged ? 1 : stride },
        style,
      );
      const norm = maps.norm(style.norm, style.random.device);
      return {
        convolution: this.child(`conv${index + 1}`, convolution),
        norm: this.child(`bn${index + 1}`, norm),
        pooling: style.averaged && stride > 1 ? maps.pool('average', stride) : 'none',
      };
    });
    const changes = shape.stride > 1 || input.channels !== blockChannels(shape);
    this.#shortcut = changes ? this.#newShortcut(input, shape, style) : undefined;
  }

  #newShortcut(maps: Maps, shape: BlockShape, style: ResidualStyle): Step {
    const { averaged, norm, random } = style;
    const stride = averaged ? 1 : shape.stride;
    const convolution = residualConvolution(
      maps,
      blockChannels(shape),
      { kernel: 1, stride },
      style,
    );
    const pooling = averaged && shape.stride > 1 ? maps.pool('average', shape.stride) : 'none';
    return {
      convolution: this.child('downsample.0', convolution),
      norm: this.child(`downsample.${averaged ? 2 : 1}`, maps.norm(norm, random.device)),
      pooling,
    };
  }

  forward(x: Tensor, mode: Mode): Tensor {
    return scope(() => {
      let inner = x;
      for (const [index, { convolution, norm, pooling }] of this.#steps.entries()) {
        inner = norm.forward(convolution.forward(inner), mode);
        if (index === this.#steps.length - 1) break;
        inner = pool(activate(inner, this.#activation), pooling, this.#stride);
      }
      return activate(inner.add(this.#around(x, mode)), this.#activation);
    });
  }

  #around(x: Tensor, mode: Mode): Tensor {
    if (this.#shortcut === undefined) return x;
    const { convolution, norm, pooling } = this.#shortcut;
    return norm.forward(pool(convolution.forward(x), pooling, this.#stride), mode);
  }
}

/** The convolutions of a block; the stride is that of the first 3×3. */
function stepsOf(shape: BlockShape) {
  const { bottleneck, channels, stride } = shape;
  if (!bottleneck) {
    return [
      { kernel: 3, channels, stride },
      { kernel: 3, channels, stride: 1 },
    ];
  }
  return [
    { kernel: 1, channels, stride: 1 },
    { kernel: 3, channels, stride },
    { kernel: 1, channels: blockChannels(shape), stride: 1 },
  ];
}

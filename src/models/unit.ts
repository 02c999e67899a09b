import type { ImageShape } from '../core/image-shape.js';
import {
  type Activation,
  activate,
  type Conv2d,
  createNorm,
  type Mode,
  type Norm,
  type NormKind,
  type Pooling,
  pool,
} from '../nn/index.js';
import { type Device, scope, type Tensor } from '../tensor/index.js';

/** A convolution with what follows it: normalisation, activation, 2×2 pooling. */
export interface Unit {
  readonly convolution: Conv2d;
  readonly norm: Norm;
  readonly activation: Activation;
  readonly pooling: Pooling;
}

/** [n, c, h, w] → [n, outputs, h', w'] */
export function forwardUnit(x: Tensor, unit: Unit, mode: Mode): Tensor {
  return scope(() => {
    const normed = unit.norm.forward(unit.convolution.forward(x), mode);
    return pool(activate(normed, unit.activation), unit.pooling);
  });
}

/** Follows the shape of the maps through a network while it is built. */
export class Maps implements ImageShape {
  channels: number;
  height: number;
  width: number;

  constructor({ channels, height, width }: ImageShape) {
    this.channels = channels;
    this.height = height;
    this.width = width;
  }

  /** The numbers of one image's maps. */
  get size(): number {
    return this.channels * this.height * this.width;
  }

  convolve(
    channels: number,
    { kernel, padding = 0, stride = 1 }: { kernel: number; padding?: number; stride?: number },
  ): void {
    const side = (size: number): number => Math.floor((size + 2 * padding - kernel) / stride) + 1;
    [this.channels, this.height, this.width] = [channels, side(this.height), side(this.width)];
  }

  /**
   * The pooling that squares of `size`×`size` pixels allow: none where a map is smaller than one, so that small images
   * pass through networks that were made for large ones.
   */
  pool(kind: Pooling, size = 2): Pooling {
    if (kind === 'none' || Math.min(this.height, this.width) < size) return 'none';
    this.height = Math.floor(this.height / size);
    this.width = Math.floor(this.width / size);
    return kind;
  }

  norm(kind: NormKind, device: Device): Norm {
    return createNorm(kind, this, device);
  }
}

import type { ImageShape } from '../core/image-shape.js';
import {
  type Activation,
  activate,
  Conv2d,
  globalAverage,
  Linear,
  type Mode,
  Module,
  ModuleGroup,
  type Norm,
  type NormKind,
  type Pooling,
  pool,
} from '../nn/index.js';
import { cat, type RandomGenerator, scope, type Tensor } from '../tensor/index.js';
import { ImageModel, requirePositiveIntegers, type Stage } from './model.js';
import { Maps } from './unit.js';

export interface DenseNetOptions {
  /** Channels that each layer adds, the growth rate. */
  readonly width?: number;
  readonly norm?: NormKind;
  readonly activation?: Activation;
}

export const denseNetDefaults = {
  width: 12,
  norm: 'batch',
  activation: 'relu',
} as const satisfies Required<DenseNetOptions>;

/** Layers of the four dense blocks: those of DenseNet-121. */
const layerCounts = [6, 12, 24, 16];
/** Share of the channels that a transition leaves. */
const reduction = 0.5;

type Style = Omit<Required<DenseNetOptions>, 'width'> & { readonly random: RandomGenerator };

/** A convolution without bias that leaves the size of the maps. Moves `maps` on. */
function convolution(
  maps: Maps,
  outputChannels: number,
  kernel: number,
  random: RandomGenerator,
): Conv2d {
  const padding = (kernel - 1) / 2;
  const inputChannels = maps.channels;
  maps.convolve(outputChannels, { kernel, padding });
  return new Conv2d({ inputChannels, outputChannels, kernel, padding, bias: false, random });
}

/** Adds `growth` channels: normalisation, activation and convolution twice, 1×1 and 3×3. */
class DenseLayer extends Module {
  readonly #steps: readonly { readonly norm: Norm; readonly convolution: Conv2d }[];
  readonly #activation: Activation;

  /** Moves `maps` on. */
  constructor(maps: Maps, growth: number, { norm, activation, random }: Style) {
    super();
    this.#activation = activation;
    const input = maps.channels;
    const sizes = [
      { outputs: 4 * growth, kernel: 1 },
      { outputs: growth, kernel: 3 },
    ];
    this.#steps = sizes.map(({ outputs, kernel }, index) => ({
      norm: this.child(`bn${index + 1}`, maps.norm(norm, random.device)),
      convolution: this.child(`conv${index + 1}`, convolution(maps, outputs, kernel, random)),
    }));
    maps.channels += input;
  }

  forward(x: Tensor, mode: Mode): Tensor {
    return scope(() => {
      const added = this.#steps.reduce(
        (inner, { norm, convolution }) =>
          convolution.forward(activate(norm.forward(inner, mode), this.#activation)),
        x,
      );
      return cat([added, x], 1);
    });
  }
}

/** Halves the channels and the size of the maps. */
class Transition extends Module {
  readonly #norm: Norm;
  readonly #convolution: Conv2d;
  readonly #pooling: Pooling;
  readonly #activation: Activation;

  /** Moves `maps` on. */
  constructor(maps: Maps, { norm, activation, random }: Style) {
    super();
    this.#activation = activation;
    this.#norm = this.child('bn', maps.norm(norm, random.device));
    const outputs = Math.floor(maps.channels * reduction);
    this.#convolution = this.child('conv', convolution(maps, outputs, 1, random));
    this.#pooling = maps.pool('average');
  }

  forward(x: Tensor, mode: Mode): Tensor {
    return scope(() => {
      const active = activate(this.#norm.forward(x, mode), this.#activation);
      return pool(this.#convolution.forward(active), this.#pooling);
    });
  }
}

/**
 * DenseNet-121 (Huang et al. 2017) at CIFAR size: a 3×3 convolution, four dense blocks with transitions between them,
 * the mean of each map, a linear classifier. Parameter names are the official code's densenet_cifar's.
 */
export class DenseNet extends ImageModel {
  override readonly featureDimension: number;
  protected override readonly stages: readonly Stage[];
  protected override readonly classifier: Linear;

  constructor(
    input: ImageShape,
    classes: number,
    options: DenseNetOptions,
    random: RandomGenerator,
  ) {
    super();
    const { width, norm, activation } = { ...denseNetDefaults, ...options };
    requirePositiveIntegers('densenet', { width });
    const style: Style = { norm, activation, random };
    const maps = new Maps(input);
    const first = this.child('conv1', convolution(maps, 2 * width, 3, random));
    const blocks = layerCounts.map((count, index): Stage => {
      const block = this.child(`dense${index + 1}`, new ModuleGroup());
      const layers = Array.from({ length: count }, (_, layer) =>
        block.add(String(layer), new DenseLayer(maps, width, style)),
      );
      const last = index === layerCounts.length - 1;
      const transition = last
        ? undefined
        : this.child(`trans${index + 1}`, new Transition(maps, style));
      return (x, mode) =>
        scope(() => {
          const dense = layers.reduce((inner, layer) => layer.forward(inner, mode), x);
          return transition?.forward(dense, mode) ?? dense;
        });
    });
    const lastNorm = this.child('bn', maps.norm(norm, random.device));
    this.stages = [
      (x) => first.forward(x),
      ...blocks,
      (x, mode) => scope(() => globalAverage(activate(lastNorm.forward(x, mode), activation))),
    ];
    this.featureDimension = maps.channels;
    this.classifier = this.child('linear', new Linear(maps.channels, classes, random));
  }
}

import { UsageError } from '../../core/index.js';
import { BatchNorm, Linear, Module } from '../../nn/index.js';
import {
  type Device,
  type RandomGenerator,
  scope,
  type Tensor,
  tensorOn,
} from '../../tensor/index.js';

export interface SamplingNetworkOptions {
  /** Length d of a frequency: the number of features. */
  readonly dimension: number;
  /** Frequencies per draw, T; a multiple of `perComponent`. */
  readonly count: number;
  /** Frequencies drawn from each normal component of the mixture (the paper: T/16 components, so 16). */
  readonly perComponent?: number;
  /** Width of the noise and of the hidden layers; `usualWidth` when left out. */
  readonly width?: number;
  /** A component's scale stays within [base / bound, base · bound]. */
  readonly bound?: number;
  readonly random: RandomGenerator;
}

/** The feature dimension, as in the official code, but at most 512: wider ones cost time in every iteration. */
export function usualWidth(dimension: number): number {
  return Math.min(dimension, 512);
}

/** Frequencies per component when left out. */
export const usualPerComponent = 16;

/**
 * The sampling network ψ (the paper's §4.1): the frequency distribution is a scale mixture of normals,
 * p(t) = ∫ N(t | 0, Σ) p(Σ) dΣ, and ψ maps white noise to the scales of the mixture's components. Frequencies are then
 * drawn by reparameterisation, t = σ ⊙ ε with ε ~ N(0, I), so that the discrepancy has a gradient with respect to ψ,
 * which ascends it. Layers as in the official code: three linear layers with batch normalisation, LeakyReLU(0.2) after
 * two of them and tanh after the last; its output o ∈ (−1, 1) gives the scale base · boundᵒ, positive and bounded.
 */
export class SamplingNetwork extends Module {
  readonly #options: Required<Omit<SamplingNetworkOptions, 'random'>>;
  readonly #layers: { readonly linear: Linear; readonly norm: BatchNorm }[] = [];

  /** Throws UsageError when `count` is not a multiple of `perComponent` with at least two components. */
  constructor({
    dimension,
    count,
    perComponent = usualPerComponent,
    width = usualWidth(dimension),
    bound = 2,
    random,
  }: SamplingNetworkOptions) {
    super();
    if (count % perComponent !== 0 || count < 2 * perComponent) {
      throw new UsageError(
        `the sampling network draws ${perComponent} frequencies per component and needs at least 2 components: the number of frequencies must be a multiple of ${perComponent} from ${2 * perComponent}, got ${count}`,
      );
    }
    this.#options = { dimension, count, perComponent, width, bound };
    for (const [index, outputs] of [width, width, dimension].entries()) {
      this.#layers.push({
        linear: this.child(`linear.${index}`, new Linear(width, outputs, random)),
        norm: this.child(`norm.${index}`, new BatchNorm(outputs, random.device)),
      });
    }
  }

  /** Scales of the mixture's components [count / perComponent, dimension], each within base·bound^±1. */
  scales(base: number | Tensor, random: RandomGenerator): Tensor {
    const { count, perComponent, width, bound } = this.#options;
    return scope(() => {
      let values = random.normal([count / perComponent, width]);
      for (const [index, { linear, norm }] of this.#layers.entries()) {
        const normed = norm.forward(linear.forward(values), { kind: 'train', random });
        values = index < this.#layers.length - 1 ? normed.leakyRelu(0.2) : normed.tanh();
      }
      return values.mul(Math.log(bound)).exp().mul(base);
    });
  }

  /**
   * Frequencies around the scale `base`: of each component `learnedPerComponent` with a gradient to this network's
   * parameters, and the rest without. All are draws from the same mixture; a gradient that comes from some of them only
   * has the same mean, up to the factor count / learned, and costs as much less.
   */
  sample(base: number | Tensor, random: RandomGenerator, learnedPerComponent = 1): FrequencySample {
    const { count, perComponent, dimension } = this.#options;
    return scope(() => {
      const scales = this.scales(base, random);
      const draw = (scales: Tensor, each: number): Tensor =>
        scales
          .indexSelect(0, repeated(count / perComponent, each, random.device))
          .mul(random.normal([(count / perComponent) * each, dimension]));
      return {
        learned: draw(scales, learnedPerComponent),
        fixed: draw(scales.detach(), perComponent - learnedPerComponent),
        range: rangeOf(scales),
      };
    });
  }
}

/** Frequencies of one draw, as [rows, dimension] each. */
export interface FrequencySample {
  /** With a gradient to the sampling network. */
  readonly learned: Tensor;
  /** Without; may have no rows. */
  readonly fixed: Tensor;
  /** The least and the largest scale of the components, as scalars. */
  readonly range: readonly [least: Tensor, largest: Tensor];
}

/** 0 … count − 1, each so many times in a row: `repeat_interleave` would have the host wait for a GPU. */
function repeated(count: number, each: number, device: Device): Tensor {
  const rows = Int32Array.from({ length: count * each }, (_, row) => Math.floor(row / each));
  return tensorOn(device, rows);
}

function rangeOf(scales: Tensor): FrequencySample['range'] {
  const values = scales.detach();
  return [values.neg().max().neg(), values.max()];
}

import { UsageError } from '../../core/index.js';
import {
  ScheduledOptimizer,
  type ScheduledOptimizerState,
} from '../../distill/scheduled-optimizer.js';
import type { OptimizerOptions, ScheduleOptions } from '../../nn/index.js';
import { grad, type RandomGenerator, type Tensor } from '../../tensor/index.js';
import { gaussianFrequencies } from './frequencies.js';
import { drawHalves } from './gradient-agreement.js';
import { SamplingNetwork } from './sampling-network.js';
import {
  type OwnObjective,
  requireRealImages,
  type SamplingObjective,
} from './sampling-objectives.js';

/**
 * At which frequencies characteristic functions are compared. `scale` σ: a number, or 'auto' for the rule of
 * `automaticScale`. Without frequencies the means of the features are compared instead: distribution matching (Zhao and
 * Bilen, WACV 2023), the baseline.
 */
export type Frequencies =
  | { readonly kind: 'gaussian'; readonly count: number; readonly scale: number | 'auto' }
  | LearnedFrequencies
  | { readonly kind: 'none' };

export interface LearnedFrequencies {
  readonly kind: 'sampling-network';
  readonly count: number;
  readonly scale: number | 'auto';
  /** What the sampling network ascends; the discrepancy when left out. */
  readonly objective?: SamplingObjective;
  readonly perComponent?: number;
  /** Frequencies of each component that the sampling network's gradient is computed from; 1 when left out. */
  readonly learnedPerComponent?: number;
  readonly width?: number;
  readonly bound?: number;
  readonly optimizer: OptimizerOptions;
  readonly schedule?: ScheduleOptions;
}

export interface FrequencySourceOptions {
  readonly frequencies: Frequencies;
  /** Number of features. */
  readonly dimension: number;
  readonly classes: number;
  readonly realPerClass: number;
  /** Of the discrepancy. */
  readonly alpha: number;
  readonly iterations: number;
  readonly random: RandomGenerator;
}

export interface DrawnFrequencies {
  /** [T, d] in parts, none without frequencies; the one that the sampling network learns from is a leaf with gradients on. */
  readonly parts: readonly Tensor[];
  /** What the sampling network ascends, where that is not the images' loss. */
  readonly objective: OwnObjective | undefined;
  /** The leaf, still part of the sampling network's graph. */
  readonly learned: Tensor | undefined;
  /** The least and the largest scale of the mixture, as scalars. */
  readonly range?: readonly [least: Tensor, largest: Tensor];
}

/** Where a sampling network and its player stand. The tensors stay theirs. */
export interface FrequencySourceState {
  readonly network: ReadonlyMap<string, Tensor>;
  readonly player: ScheduledOptimizerState;
}

/** Draws the frequencies of every iteration: from a normal distribution, or from a sampling network that learns. */
export class FrequencySource implements Disposable {
  readonly samplingNetwork: SamplingNetwork | undefined;
  readonly #options: FrequencySourceOptions;
  readonly #player: ScheduledOptimizer | undefined;

  /** Throws UsageError for settings of a sampling network that contradict each other or the real batch. */
  constructor(options: FrequencySourceOptions) {
    this.#options = options;
    const { frequencies, dimension, realPerClass, iterations, random } = options;
    if (frequencies.kind !== 'sampling-network') return;
    requireRealImages(frequencies.objective, realPerClass);
    this.samplingNetwork = new SamplingNetwork({ ...frequencies, dimension, random });
    const { optimizer, schedule } = frequencies;
    const parameters = this.samplingNetwork.parameters();
    this.#player = new ScheduledOptimizer({ parameters, optimizer, schedule, iterations });
  }

  /** @param scale σ, where it is a tensor a scalar */
  draw(scale: number | Tensor): DrawnFrequencies {
    const { frequencies, dimension, random } = this.#options;
    if (frequencies.kind === 'none') return { parts: [], objective: undefined, learned: undefined };
    if (this.samplingNetwork === undefined || frequencies.kind === 'gaussian') {
      const parts = [gaussianFrequencies(frequencies.count, dimension, scale, random)];
      return { parts, objective: undefined, learned: undefined };
    }
    const { learnedPerComponent } = frequencies;
    const { learned, fixed, range } = this.samplingNetwork.sample(
      scale,
      random,
      learnedPerComponent,
    );
    const leaf = learned.detach().setRequiresGrad(true);
    return {
      parts: fixed.size(0) > 0 ? [fixed, leaf] : [leaf],
      objective: this.#drawObjective(frequencies.objective),
      learned,
      range,
    };
  }

  #drawObjective(kind: SamplingObjective = 'discrepancy'): OwnObjective | undefined {
    if (kind === 'discrepancy') return undefined;
    if (kind !== 'agreement') return { kind };
    const { classes, realPerClass, alpha, random } = this.#options;
    return { kind, halves: drawHalves(classes, realPerClass, random), alpha };
  }

  /**
   * The sampling network's step, up the gradient with respect to the leaf of what was drawn; not taken where `holds`, a
   * scalar on the device, is false.
   */
  ascend({ learned, objective }: DrawnFrequencies, gradient: Tensor, holds?: Tensor): void {
    if (learned === undefined || this.#player === undefined) return;
    // The discrepancy is a mean over all frequencies, of which these are a share; an own objective is over these.
    const share = objective ? 1 : learned.size(0) / this.#count;
    const gradOutputs = [gradient.div(-share)];
    const player = this.#player;
    const gradients = grad([learned], player.parameters, { gradOutputs });
    if (holds === undefined) player.descend(gradients);
    else
      player.moveIf(() => {
        player.descend(gradients);
        return holds;
      });
  }

  get #count(): number {
    const { frequencies } = this.#options;
    return frequencies.kind === 'none' ? 0 : frequencies.count;
  }

  /** Whether its schedule looks at the values of the steps. */
  get watches(): boolean {
    const { frequencies } = this.#options;
    return frequencies.kind === 'sampling-network' && frequencies.schedule?.kind === 'plateau';
  }

  /** Ends a step in which this player's objective was `own`, or else the discrepancy. */
  advance(discrepancy: number, own: number | undefined): void {
    // A plateau schedule waits for smaller positive values, and this player wants its objective larger.
    this.#player?.advance(own === undefined ? 1 / discrepancy : Math.exp(-own));
  }

  skip(): void {
    this.#player?.advance(undefined);
  }

  /** Undefined without a sampling network, which alone has a state. */
  getState(): FrequencySourceState | undefined {
    if (this.samplingNetwork === undefined || this.#player === undefined) return undefined;
    return { network: this.samplingNetwork.state(), player: this.#player.getState() };
  }

  /** Goes on from a state (values are copied). Throws UsageError when it does not fit. */
  setState(state: FrequencySourceState | undefined): void {
    if ((state === undefined) !== (this.samplingNetwork === undefined)) {
      throw new UsageError('the state of the frequencies is of another kind (distill.frequencies)');
    }
    if (state === undefined) return;
    this.samplingNetwork?.loadState(state.network);
    this.#player?.setState(state.player);
  }

  dispose(): void {
    this.samplingNetwork?.dispose();
    this.#player?.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

import type { SiameseOptions } from '../augment/index.js';
import { ClassSampler, type Dataset } from '../data/index.js';
import type { ImageModel } from '../models/index.js';
import type { OptimizerOptions, ScheduleOptions } from '../nn/index.js';
import {
  keep,
  noGrad,
  type RandomGenerator,
  scope,
  type Tensor,
  UsageError,
} from '../tensor/index.js';
import { type Chunks, usualChunks } from './chunks.js';
import type { CondenserState } from './condenser-state.js';
import type { ExtractorPool } from './extractors.js';
import { type Frequencies, FrequencyPlayer } from './frequency-player.js';
import { type FineTuning, objectiveGradients } from './gradients.js';
import { labelsByClass } from './labels.js';
import {
  drawTarget,
  type Matching,
  type MatchingContext,
  type MatchingTarget,
} from './matching.js';
import { NonFiniteError, type NonFiniteStep, requireFiniteStep } from './non-finite.js';
import { Player } from './player.js';
import { requireVariance, samplingGroups } from './sampling-groups.js';
import type { SamplingNetwork } from './sampling-network.js';
import type { SyntheticImages } from './synthetic.js';

export interface CondenseOptions {
  readonly iterations: number;
  readonly matching: Matching;
  readonly frequencies: Frequencies;
  /** Amplitude against phase, in [0, 1]. */
  readonly alpha: number;
  /** Factor on the discrepancy of each class, relative to the fine-tuning loss (official code: 300). */
  readonly discrepancyWeight: number;
  /** K: iterations that share one draw of extractor, real images and augmentation, with fresh frequencies at each. */
  readonly amortize: number;
  /** Weight of the cross-entropy of the synthetic images under a trained network of the pool; 0 for none. */
  readonly fineTuneWeight: number;
  readonly optimizer: OptimizerOptions;
  readonly schedule: ScheduleOptions;
  readonly augmentation: SiameseOptions;
  /** What to do when a loss or gradient is not a number: `stop` (when left out), or leave the iteration out. */
  readonly onNonFinite?: 'stop' | 'skip';
}

export interface CondenserInput {
  readonly dataset: Dataset;
  readonly synthetic: SyntheticImages;
  readonly pool: ExtractorPool;
  /** Builds a network of the pool's architecture. */
  readonly buildModel: () => ImageModel;
  /** For stratified matching: clusters of dataset indices, class by class; see `stratify`. */
  readonly clusters?: readonly Int32Array[];
  readonly options: CondenseOptions;
  /** How much of an iteration is in memory at once; `usualChunks` for what is left out. */
  readonly chunks?: Partial<Chunks>;
  readonly random: RandomGenerator;
}

/** What one iteration did. */
export interface IterationReport {
  /** Discrepancy averaged over classes, before the step; may be no number where the iteration was left out. */
  readonly discrepancy: number;
  /** Cross-entropy under a trained network before the step; undefined without fine-tuning. */
  readonly fineTuneLoss: number | undefined;
  /** σ of this iteration's frequencies (of the mixture: its base scale). */
  readonly frequencyScale: number;
  /** The sampling network's own objective, averaged over classes, before its step; absent where it has none. */
  readonly frequencyObjective?: number;
  /** The least and the largest scale of the mixture, relative to its base; absent without a sampling network. */
  readonly mixtureScales?: readonly [least: number, largest: number];
  readonly learningRate: number;
  /** The loss or gradient was not a number, so that nothing was moved. */
  readonly skipped?: true;
}

/**
 * The min-max game of the paper (§4.1, algorithm 1): at each `step` the synthetic images descend the discrepancy and
 * the sampling network ascends it, both by the same gradients; or it ascends an objective of its own, at frequencies
 * and features that it shares with the images. All classes take part in every step.
 */
export class Condenser implements Disposable {
  readonly synthetic: SyntheticImages;
  readonly #options: CondenseOptions;
  readonly #chunks: Chunks;
  readonly #context: MatchingContext;
  readonly #trained: ImageModel | undefined;
  readonly #images: Player;
  readonly #frequencies: FrequencyPlayer;
  readonly #labels: Tensor;
  readonly #partitions: number;
  readonly #groupings: readonly number[];
  #target: MatchingTarget | undefined;
  #iteration = 0;

  /** Throws UsageError for settings that contradict each other or the dataset. */
  constructor(input: CondenserInput) {
    const { dataset, synthetic, pool, buildModel, clusters, options, random } = input;
    this.synthetic = synthetic;
    this.#options = options;
    requireCounts(options);
    const groups = samplingGroups(dataset, synthetic, options.matching, clusters);
    this.#partitions = groups.partitions;
    this.#groupings = groups.groupings;
    const realPerClass = (groups.members.length / synthetic.classes) * groups.realPerGroup;
    requireVariance(scaleOf(options.frequencies), realPerClass);
    const { classes, decodedPerClass } = synthetic;
    const usual = usualChunks({ classes, realPerClass, decodedPerClass });
    this.#chunks = { ...usual, ...input.chunks };
    const extractor = buildModel().setRequiresGrad(false);
    this.#context = {
      dataset,
      pool,
      extractor,
      sampler: new ClassSampler(groups.members, random),
      realPerGroup: groups.realPerGroup,
      realAtOnce: this.#chunks.real,
      augmentation: options.augmentation,
      random,
    };
    this.#trained = options.fineTuneWeight > 0 ? buildModel().setRequiresGrad(false) : undefined;
    const { iterations, frequencies, alpha, optimizer, schedule } = options;
    this.#frequencies = new FrequencyPlayer({
      frequencies,
      dimension: extractor.featureDimension,
      classes,
      realPerClass,
      alpha,
      iterations,
      random,
    });
    this.#images = new Player({ parameters: [synthetic.images], optimizer, schedule, iterations });
    this.#labels = keep(labelsByClass(synthetic.classes, synthetic.decodedPerClass, random.device));
  }

  /** Iterations done. */
  get iteration(): number {
    return this.#iteration;
  }

  /** The sampling network, when the frequencies come from one. */
  get samplingNetwork(): SamplingNetwork | undefined {
    return this.#frequencies.samplingNetwork;
  }

  /** One iteration: draw, compare, one step of each player. */
  step(): IterationReport {
    const target = this.#currentTarget();
    const setting = scaleOf(this.#options.frequencies);
    const scale = setting === 'auto' ? target.automaticScale : setting;
    const { learningRate } = this.#images;
    try {
      const played = scope(() => this.#play(target, scale));
      const { discrepancy, frequencyObjective } = played;
      this.#images.advance(discrepancy);
      this.#frequencies.advance(discrepancy, frequencyObjective);
      this.#iteration += 1;
      return { ...played, frequencyScale: scale, learningRate };
    } catch (error) {
      if (!(error instanceof NonFiniteError) || this.#options.onNonFinite !== 'skip') throw error;
      return this.#skip(error.step);
    }
  }

  /** Leaves an iteration out: everything is drawn anew at the next; the schedules go on, being over all iterations. */
  #skip({ discrepancy, fineTuneLoss, frequencyScale, learningRate }: NonFiniteStep) {
    this.#target?.features.dispose();
    this.#target = undefined;
    this.#images.advance(undefined);
    this.#frequencies.skip();
    this.#iteration += 1;
    return { discrepancy, fineTuneLoss, frequencyScale, learningRate, skipped: true } as const;
  }

  /** Where the game stands after the latest step: enough to go on exactly. The tensors stay the condenser's. */
  getState(): CondenserState {
    const { sampler, random } = this.#context;
    // A target that the next step replaces need not be kept.
    const current = this.#iteration % this.#options.amortize !== 0 ? this.#target : undefined;
    return {
      iteration: this.#iteration,
      images: this.synthetic.images,
      imagesPlayer: this.#images.getState(),
      frequencies: this.#frequencies.getState(),
      sampler: sampler.getState(),
      random: random.getState(),
      target: current,
    };
  }

  /** Goes on from a state (values are copied). Throws UsageError when it is of another game. */
  setState(state: CondenserState): void {
    const { images } = this.synthetic;
    if (state.images.shape.join() !== images.shape.join()) {
      throw new UsageError(
        `the stored images have shape [${state.images.shape.join(', ')}], expected [${images.shape.join(', ')}]`,
      );
    }
    this.#images.setState(state.imagesPlayer);
    this.#frequencies.setState(state.frequencies);
    this.#context.sampler.setState(state.sampler);
    this.#context.random.setState(state.random);
    noGrad(() => images.copy_(state.images));
    this.#target?.features.dispose();
    this.#target = state.target && this.#restoredTarget(state.target);
    this.#iteration = state.iteration;
  }

  #restoredTarget(target: MatchingTarget): MatchingTarget {
    const { pool, extractor } = this.#context;
    pool.blendInto(extractor, target.choice);
    return { ...target, features: keep(target.features.clone()) };
  }

  #currentTarget(): MatchingTarget {
    if (this.#target === undefined || this.#iteration % this.#options.amortize === 0) {
      this.#target?.features.dispose();
      this.#target = drawTarget(this.#context);
    }
    return this.#target;
  }

  #play(
    target: MatchingTarget,
    scale: number,
  ): Omit<IterationReport, 'frequencyScale' | 'learningRate' | 'skipped'> {
    const frequencies = this.#frequencies.draw(scale);
    const gradients = objectiveGradients({
      synthetic: this.synthetic,
      target,
      context: this.#context,
      frequencies: frequencies.parts,
      samplingObjective: frequencies.objective,
      partitions: this.#partitions,
      groupings: this.#groupings,
      alpha: this.#options.alpha,
      discrepancyWeight: this.#options.discrepancyWeight,
      fineTuning: this.#drawFineTuning(),
      classesAtOnce: this.#chunks.synthetic,
    });
    const discrepancy = gradients.discrepancies.mean().item();
    const fineTuneLoss = gradients.fineTuneLoss?.item();
    const frequencyObjective = gradients.samplingObjectives?.mean().item();
    const losses = { discrepancy, fineTuneLoss, frequencyObjective };
    const { learningRate } = this.#images;
    const step = { iteration: this.#iteration + 1, ...losses, frequencyScale: scale, learningRate };
    requireFiniteStep({ ...step, extractor: target.choice }, [
      gradients.images,
      gradients.frequencies,
    ]);
    this.#images.descend([gradients.images]);
    this.synthetic.clamp();
    if (gradients.frequencies) this.#frequencies.ascend(frequencies, gradients.frequencies);
    return {
      discrepancy,
      fineTuneLoss,
      ...(frequencyObjective !== undefined && { frequencyObjective }),
      ...(frequencies.mixtureScales && { mixtureScales: frequencies.mixtureScales }),
    };
  }

  /** A trained network of the pool, drawn afresh. */
  #drawFineTuning(): FineTuning | undefined {
    if (this.#trained === undefined) return undefined;
    const { pool, random } = this.#context;
    pool.blendInto(this.#trained, { network: random.integer(pool.size), beta: 0 });
    return {
      network: this.#trained,
      labels: this.#labels,
      weight: this.#options.fineTuneWeight,
    };
  }

  dispose(): void {
    this.#target?.features.dispose();
    this.#context.extractor.dispose();
    this.#trained?.dispose();
    this.#images.dispose();
    this.#frequencies.dispose();
    this.#labels.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** 0 where there are no frequencies. */
function scaleOf(frequencies: Frequencies): number | 'auto' {
  return frequencies.kind === 'none' ? 0 : frequencies.scale;
}

function requireCounts({ iterations, amortize }: CondenseOptions): void {
  for (const [name, value] of Object.entries({ iterations, amortize })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new UsageError(`distill.${name} must be a positive integer, got ${value}`);
  }
}

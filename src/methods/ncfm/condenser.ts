import { UsageError } from '../../core/index.js';
import { ClassSampler } from '../../data/index.js';
import { type Chunks, usualChunks } from '../../distill/chunks.js';
import { ClassShare } from '../../distill/class-share.js';
import { FineTuner, type FineTuningDraw, fineTuningGradients } from '../../distill/fine-tuning.js';
import { NonFiniteError } from '../../distill/non-finite.js';
import {
  ScheduledOptimizer,
  type ScheduledOptimizerState,
} from '../../distill/scheduled-optimizer.js';
import type { SyntheticImages } from '../../distill/synthetic.js';
import { keep, scope, type Tensor, toDeviceOf } from '../../tensor/index.js';
import type { CondenserState } from './condenser-state.js';
import { type Frequencies, FrequencySource } from './frequency-source.js';
import { objectiveGradients } from './gradients.js';
import { drawRealBatch, type MatchingContext, type RealBatch } from './matching.js';
import { type NonFiniteIteration, requireFiniteStep } from './non-finite.js';
import type { CondenseOptions, CondenserInput, IterationReport } from './options.js';
import { requireVariance, samplingGroups } from './sampling-groups.js';
import type { SamplingNetwork } from './sampling-network.js';

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
  readonly #fineTuner: FineTuner | undefined;
  readonly #images: ScheduledOptimizer;
  readonly #frequencies: FrequencySource;
  readonly #partitions: number;
  readonly #realPerClass: number;
  readonly #groupings: readonly number[];
  readonly #share: ClassShare;
  #realBatch: RealBatch | undefined;
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
    this.#realPerClass = realPerClass;
    requireVariance(scaleOf(options.frequencies), realPerClass);
    const { classes, decodedPerClass } = synthetic;
    this.#share = new ClassShare(classes, input.group);
    const usual = usualChunks({ classes, realPerClass, decodedPerClass });
    this.#chunks = { ...usual, ...input.chunks };
    const extractor = buildModel().setRequiresGrad(false);
    this.#context = {
      dataset,
      pool,
      extractors: options.extractors,
      extractor,
      share: this.#share,
      sampler: new ClassSampler(groups.members, random),
      realPerGroup: groups.realPerGroup,
      realAtOnce: this.#chunks.real,
      augmentation: options.augmentation,
      random,
    };
    const { iterations, frequencies, alpha, optimizer, schedule, fineTuning } = options;
    if (fineTuning.kind !== 'none') {
      this.#fineTuner = new FineTuner({
        fineTuning,
        dataset,
        synthetic,
        pool,
        network: buildModel().setRequiresGrad(false),
        augmentation: options.augmentation,
        random: random.derive('fine-tuning'),
      });
    }
    this.#frequencies = new FrequencySource({
      frequencies,
      dimension: extractor.featureDimension,
      classes,
      realPerClass,
      alpha,
      iterations,
      random,
    });
    this.#images = new ScheduledOptimizer({
      parameters: [this.#share.parameter(synthetic)],
      optimizer,
      schedule,
      iterations,
    });
  }

  get iteration(): number {
    return this.#iteration;
  }

  get samplingNetwork(): SamplingNetwork | undefined {
    return this.#frequencies.samplingNetwork;
  }

  step(): IterationReport {
    const realBatch = this.#currentRealBatch();
    const setting = scaleOf(this.#options.frequencies);
    const scale = setting === 'auto' ? realBatch.automaticScale : setting;
    const { learningRate } = this.#images;
    try {
      const played = scope(() => this.#play(realBatch, scale));
      const { discrepancy, frequencyObjective } = played;
      this.#images.advance(discrepancy);
      this.#frequencies.advance(discrepancy, frequencyObjective);
      this.#iteration += 1;
      return { ...played, frequencyScale: scale, learningRate };
    } catch (error) {
      if (!(error instanceof NonFiniteError) || this.#options.onNonFinite !== 'skip') throw error;
      return this.#skip(error.step as NonFiniteIteration);
    }
  }

  /** Leaves an iteration out: everything is drawn anew at the next; the schedules go on, being over all iterations. */
  #skip({ discrepancy, fineTuneLoss, frequencyScale, learningRate }: NonFiniteIteration) {
    this.#realBatch?.features.dispose();
    this.#realBatch = undefined;
    this.#images.advance(undefined);
    this.#frequencies.skip();
    this.#iteration += 1;
    return { discrepancy, fineTuneLoss, frequencyScale, learningRate, skipped: true } as const;
  }

  /** Brings the other processes' images up to date. */
  synchronize(): void {
    this.#share.synchronize(this.synthetic);
  }

  /**
   * Where the game stands after the latest step, for all classes: enough to go on exactly. The tensors stay the condenser's,
   * but those that other processes have a part of, which the scope owns.
   */
  getState(): CondenserState {
    const { sampler, random } = this.#context;
    this.synchronize();
    // A realBatch that the next step replaces need not be kept.
    const current = this.#iteration % this.#options.amortize !== 0 ? this.#realBatch : undefined;
    return {
      iteration: this.#iteration,
      images: this.synthetic.images,
      imagesPlayer: this.#gatheredPlayer(),
      frequencies: this.#frequencies.getState(),
      sampler: sampler.getState(),
      random: random.getState(),
      fineTuning: this.#fineTuner?.getState(),
      realBatch: current && this.#gatheredRealBatch(current),
    };
  }

  #gatheredPlayer(): ScheduledOptimizerState {
    const { optimizer, schedule } = this.#images.getState();
    const tensors = this.#share.gatherAll(optimizer.tensors, this.synthetic.imagesPerClass);
    return { optimizer: { ...optimizer, tensors }, schedule };
  }

  #gatheredRealBatch(realBatch: RealBatch): RealBatch {
    return { ...realBatch, features: this.#share.gather(realBatch.features, this.#realPerClass) };
  }

  /** Goes on from a state (values are copied). Throws UsageError when it is of another game. */
  setState(state: CondenserState): void {
    this.synthetic.restore(state.images);
    const { optimizer, schedule } = state.imagesPlayer;
    const tensors = this.#share.ownRowsOfAll(optimizer.tensors);
    this.#images.setState({ optimizer: { ...optimizer, tensors }, schedule });
    this.#frequencies.setState(state.frequencies);
    this.#context.sampler.setState(state.sampler);
    this.#context.random.setState(state.random);
    if (state.fineTuning) this.#fineTuner?.setState(state.fineTuning);
    this.#realBatch?.features.dispose();
    this.#realBatch = state.realBatch && this.#restoredRealBatch(state.realBatch);
    this.#iteration = state.iteration;
  }

  #restoredRealBatch(realBatch: RealBatch): RealBatch {
    const { pool, extractor, random } = this.#context;
    pool.writeInto(extractor, realBatch.choice);
    // A state that was read from a file is on the CPU.
    const features = scope(() =>
      toDeviceOf(this.#share.ownRows(realBatch.features), random.device).clone(),
    );
    return { ...realBatch, features: keep(features) };
  }

  #currentRealBatch(): RealBatch {
    if (this.#realBatch === undefined || this.#iteration % this.#options.amortize === 0) {
      this.#realBatch?.features.dispose();
      this.#realBatch = drawRealBatch(this.#context, this.#iteration / this.#options.iterations);
    }
    return this.#realBatch;
  }

  #play(
    realBatch: RealBatch,
    scale: number,
  ): Omit<IterationReport, 'frequencyScale' | 'learningRate' | 'skipped'> {
    const frequencies = this.#frequencies.draw(scale);
    const fineTuning = this.#fineTuner?.draw(realBatch.choice);
    const isJoint = this.#options.fineTuning.kind === 'joint';
    const ownStep = isJoint ? undefined : fineTuning;
    const gradients = objectiveGradients({
      synthetic: this.synthetic,
      share: this.#share,
      realBatch,
      context: this.#context,
      frequencies: frequencies.parts,
      samplingObjective: frequencies.objective,
      partitions: this.#partitions,
      groupings: this.#groupings,
      alpha: this.#options.alpha,
      discrepancyWeight: this.#options.discrepancyWeight,
      fineTuning: isJoint ? fineTuning : undefined,
      classesAtOnce: this.#chunks.synthetic,
    });
    const discrepancy = gradients.discrepancies.mean().item();
    const frequencyObjective = gradients.samplingObjectives?.mean().item();
    const { learningRate } = this.#images;
    const requireFinite: RequireFinite = (fineTuneLoss, found) => {
      const losses = { discrepancy, fineTuneLoss, frequencyObjective };
      const step = { ...losses, frequencyScale: scale, learningRate, extractor: realBatch.choice };
      requireFiniteStep({ iteration: this.#iteration + 1, ...step }, found, this.#share);
    };
    const jointLoss = gradients.fineTuneLoss?.item();
    requireFinite(jointLoss, [gradients.images, gradients.frequencies]);
    let stepLoss: number | undefined;
    if (ownStep === undefined) this.#descend(gradients.images);
    else {
      this.#images.attempt(() => {
        this.#descend(gradients.images);
        stepLoss = this.#fineTune(ownStep, requireFinite);
      });
    }
    if (gradients.frequencies) this.#frequencies.ascend(frequencies, gradients.frequencies);
    return {
      discrepancy,
      fineTuneLoss: jointLoss ?? stepLoss,
      ...(frequencyObjective !== undefined && { frequencyObjective }),
      ...(frequencies.mixtureScales && { mixtureScales: frequencies.mixtureScales }),
    };
  }

  #descend(gradient: Tensor): void {
    this.#images.descend([gradient]);
    this.synthetic.clamp();
  }

  /** The images' own step of fine-tuning, from where they are now; gives the loss before it. */
  #fineTune(draw: FineTuningDraw, requireFinite: RequireFinite): number {
    const { synthetic } = this;
    const { loss, images } = fineTuningGradients(
      draw,
      synthetic,
      this.#share,
      this.#chunks.synthetic,
    );
    const mean = loss.div(synthetic.classes).item();
    requireFinite(mean, [images]);
    this.#descend(images);
    return mean;
  }

  dispose(): void {
    this.#realBatch?.features.dispose();
    this.#context.extractor.dispose();
    this.#fineTuner?.dispose();
    this.#images.dispose();
    this.#share[Symbol.dispose]();
    this.#frequencies.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Throws NonFiniteError when a loss or gradient of the iteration is not finite. */
type RequireFinite = (
  fineTuneLoss: number | undefined,
  gradients: readonly (Tensor | undefined)[],
) => void;

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

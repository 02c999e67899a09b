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
import { Readings, scope, type Tensor } from '../../tensor/index.js';
import type { CondenserState } from './condenser-state.js';
import { type Frequencies, FrequencySource } from './frequency-source.js';
import { objectiveGradients } from './gradients.js';
import {
  type FiniteGuard,
  IterationFigures,
  MaskingGuard,
  readingGuard,
  skipped,
} from './iteration.js';
import {
  disposeRealBatch,
  drawRealBatch,
  keptRealBatch,
  type MatchingContext,
  type RealBatch,
  restoreRealBatch,
} from './matching.js';
import type { NonFiniteIteration } from './non-finite.js';
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
  readonly #readings = new Readings();
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
    const sizes = { classes, realPerClass, decodedPerClass };
    const usual = usualChunks(sizes, random.device, dataset.shape);
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

  /** One iteration. Throws NonFiniteError when it has no number for a loss or gradient; nothing has moved then. */
  step(): IterationReport {
    try {
      const figures = this.#played(readingGuard(this.#share));
      const report = figures.report('stop');
      this.#advance(report.discrepancy, report.frequencyObjective);
      return report;
    } catch (error) {
      if (!(error instanceof NonFiniteError) || this.#options.onNonFinite !== 'skip') throw error;
      // Everything is drawn anew at the next; the schedules go on, being over all iterations.
      this.#replaceRealBatch(undefined);
      this.#images.advance(undefined);
      this.#frequencies.skip();
      this.#iteration += 1;
      return skipped(error.step as NonFiniteIteration);
    }
  }

  /** Whether `stepAhead` can take the steps: no other process and no schedule waits for an iteration's losses. */
  get goesAhead(): boolean {
    const { schedule } = this.#options;
    return !this.#share.isShared && schedule.kind !== 'plateau' && !this.#frequencies.watches;
  }

  /**
   * One iteration that is not waited for. Where it has no number for a loss or gradient nothing moves either, but for
   * the count of steps, and its report, which waits, is a NonFiniteError that it throws, or says that it was left out.
   */
  stepAhead(): () => IterationReport {
    using guard = new MaskingGuard();
    const figures = this.#played(guard);
    this.#advance(undefined, undefined);
    return () => figures.report(this.#options.onNonFinite ?? 'stop');
  }

  #advance(discrepancy: number | undefined, objective: number | undefined): void {
    this.#images.advance(discrepancy);
    if (discrepancy === undefined) this.#frequencies.skip();
    else this.#frequencies.advance(discrepancy, objective);
    this.#iteration += 1;
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
      realBatch: current && keptRealBatch(current, this.#share, this.#realPerClass),
    };
  }

  #gatheredPlayer(): ScheduledOptimizerState {
    const { optimizer, schedule } = this.#images.getState();
    const tensors = this.#share.gatherAll(optimizer.tensors, this.synthetic.imagesPerClass);
    return { optimizer: { ...optimizer, tensors }, schedule };
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
    this.#replaceRealBatch(state.realBatch && restoreRealBatch(state.realBatch, this.#context));
    this.#iteration = state.iteration;
  }

  #currentRealBatch(): RealBatch {
    if (this.#realBatch === undefined || this.#iteration % this.#options.amortize === 0) {
      const progress = this.#iteration / this.#options.iterations;
      this.#replaceRealBatch(undefined);
      this.#replaceRealBatch(drawRealBatch(this.#context, progress));
    }
    return this.#realBatch!;
  }

  #replaceRealBatch(next: RealBatch | undefined): void {
    disposeRealBatch(this.#realBatch);
    this.#realBatch = next;
  }

  #played(guard: FiniteGuard): IterationFigures {
    const realBatch = this.#currentRealBatch();
    const setting = scaleOf(this.#options.frequencies);
    const scale = setting === 'auto' ? realBatch.automaticScale : setting;
    return scope(() => this.#play(realBatch, scale, guard));
  }

  #play(realBatch: RealBatch, scale: number | Tensor, guard: FiniteGuard): IterationFigures {
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
    const figures = new IterationFigures(this.#readings, {
      iteration: this.#iteration + 1,
      learningRate: this.#images.learningRate,
      extractor: realBatch.choice,
      scale,
      range: frequencies.range,
    });
    figures.note('discrepancy', gradients.discrepancies.mean());
    figures.note('frequencyObjective', gradients.samplingObjectives?.mean());
    figures.note('fineTuneLoss', gradients.fineTuneLoss);
    guard.check(figures, [gradients.images, gradients.frequencies]);
    const move = (): void => {
      this.#descend(gradients.images);
      if (ownStep !== undefined) this.#fineTune(ownStep, figures, guard);
    };
    guard.around(this.#images, move, ownStep !== undefined);
    const { frequencies: ascent } = gradients;
    if (ascent) this.#frequencies.ascend(frequencies, ascent, guard.holds);
    figures.close(guard.holds);
    return figures;
  }

  #descend(gradient: Tensor): void {
    this.#images.descend([gradient]);
    this.synthetic.clamp();
  }

  /** The images' own step of fine-tuning, from where they are now, with the loss before it. */
  #fineTune(draw: FineTuningDraw, figures: IterationFigures, guard: FiniteGuard): void {
    const { synthetic } = this;
    const { loss, images } = fineTuningGradients(
      draw,
      synthetic,
      this.#share,
      this.#chunks.synthetic,
    );
    figures.note('fineTuneLoss', loss.div(synthetic.classes));
    guard.check(figures, [images]);
    this.#descend(images);
  }

  dispose(): void {
    this.#replaceRealBatch(undefined);
    this.#readings[Symbol.dispose]();
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

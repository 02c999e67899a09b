import { augmentBatch, cutMix, normalize, type TrainingAugmentation } from '../augment/index.js';
import { yieldToEvents } from '../core/event-loop.js';
import type { Normalization } from '../core/index.js';
import { FailureError } from '../core/index.js';
import { batch, type Dataset } from '../data/index.js';
import type { ImageModel } from '../models/index.js';
import {
  countCorrect,
  createOptimizer,
  crossEntropy,
  type Optimizer,
  type OptimizerOptions,
  type Schedule,
  type ScheduleOptions,
  softCrossEntropy,
  startSchedule,
} from '../nn/index.js';
import {
  grad,
  noGrad,
  type RandomGenerator,
  type Reading,
  Readings,
  scope,
  type Tensor,
  tensorOn,
  usualReadEvery,
} from '../tensor/index.js';
import { ShuffledStream } from './shuffled-stream.js';
import type { TrainingCheckpoints } from './training-checkpoints.js';
import type { ResumableTraining, TrainingState } from './training-state.js';

export interface TrainingSource {
  readonly size: number;
  readonly normalization: Normalization;
  batch(positions: Int32Array): TrainingBatch;
}

/** Images [n, c, h, w] in [0, 1] and labels [n] (int64). */
export interface TrainingBatch {
  readonly images: Tensor;
  readonly labels: Tensor;
  /** Soft labels [n, classes] that came with the images; rows sum to 1. */
  readonly probabilities?: Tensor;
}

/** A batch as the network sees it: its images are normalised, augmented and mixed. */
export interface SeenBatch extends TrainingBatch {
  /** What CutMix put in: the batch's own images in another order [n]; `weight` of each image's area is still its own. */
  readonly mix?: { readonly partner: Tensor; readonly weight: number };
}

/** Distributions over classes that a network learns instead of labels. */
export interface SoftTargets {
  /** Targets [n, classes] of a batch, rows that sum to 1, softened by the temperature. Runs without gradients. */
  of(batch: SeenBatch): Tensor;
  /** What the network's own scores are divided by. */
  readonly temperature: number;
  /** Last steps of the training that use the labels instead. */
  readonly hardSteps: number;
}

export type TrainingLength = { readonly steps: number } | { readonly epochs: number };

/**
 * Images of a batch: so many, of several passes where the source has fewer; or at most so many, and all images of a
 * source that has fewer.
 */
export type BatchSize = number | { readonly atMost: number };

export interface TrainOptions {
  readonly batchSize: BatchSize;
  readonly optimizer: OptimizerOptions;
  readonly schedule: ScheduleOptions;
  readonly augmentation: TrainingAugmentation;
  /** Probability with which a batch is mixed by CutMix, in [0, 1]. */
  readonly cutMix: number;
}

export interface TrainRequest {
  readonly model: ImageModel;
  readonly source: TrainingSource;
  readonly steps: number;
  readonly options: TrainOptions;
  /** What to learn instead of labels; the labels when left out. */
  readonly softTargets?: SoftTargets | undefined;
  readonly random: RandomGenerator;
  /** Keeps the training from time to time, and has it go on from where it was kept last. */
  readonly checkpoints?: TrainingCheckpoints | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each step, and waited for, with the number of images of its batch. */
  readonly onStep?: (step: number, figures: TrainingStep, batch: number) => unknown;
  /**
   * Steps between two readings of the loss: a GPU would stand still at each. A loss that is not finite is noticed at the next
   * one. Left out: 1 on the CPU, 50 on a GPU; always 1 for a schedule that looks at the loss.
   */
  readonly readEvery?: number | undefined;
}

/** The number of training steps: as given, or passes over so many images, in full batches. */
export function trainingSteps(
  { length, batchSize }: Pick<TrainOptions, 'batchSize'> & { readonly length: TrainingLength },
  images: number,
): number {
  if ('steps' in length) return length.steps;
  return Math.max(1, Math.round((length.epochs * images) / imagesPerBatch(batchSize, images)));
}

/** Images of every batch of a source of so many. */
export function imagesPerBatch(batchSize: BatchSize, images: number): number {
  return typeof batchSize === 'number' ? batchSize : Math.min(batchSize.atMost, images);
}

export function datasetSource(dataset: Dataset, device: string): TrainingSource {
  return {
    size: dataset.labels.length,
    normalization: dataset.normalization,
    batch: (positions) => batch(dataset, positions, device),
  };
}

/** A source over a batch that is in memory; its tensors stay the caller's. */
export function tensorSource(
  { images, labels, probabilities }: TrainingBatch,
  normalization: Normalization,
): TrainingSource {
  return {
    size: images.size(0),
    normalization,
    batch: (positions) => {
      const index = tensorOn(images.device, positions);
      return {
        images: images.indexSelect(0, index),
        labels: labels.indexSelect(0, index),
        ...(probabilities && { probabilities: probabilities.indexSelect(0, index) }),
      };
    },
  };
}

/** What a step's batch was like before the step; a GPU is waited for where one is looked at before it was read. */
export interface TrainingStep {
  /** Of the batch, in nats. */
  readonly loss: number;
  /** Images of the batch that were classified correctly. */
  readonly correct: number;
}

/** A training, step by step; see `train`. */
export class Training implements ResumableTraining, Disposable {
  readonly #request: TrainRequest;
  readonly #parameters: readonly Tensor[];
  readonly #optimizer: Optimizer;
  readonly #schedule: Schedule;
  readonly #stream: ShuffledStream;
  readonly #readings = new Readings();
  readonly #readEvery: number;
  /** Steps whose loss was not looked at yet. */
  #unread: TrainingStep[] = [];
  /** Images of each batch. */
  readonly batchSize: number;
  #steps = 0;

  constructor(request: TrainRequest) {
    const { model, source, steps, options, random } = request;
    this.#request = request;
    this.#parameters = model.parameters();
    this.#optimizer = createOptimizer(this.#parameters, options.optimizer);
    this.#schedule = startSchedule(options.schedule, steps);
    this.#stream = new ShuffledStream(source.size, random);
    this.batchSize = imagesPerBatch(options.batchSize, source.size);
    const { readEvery = usualReadEvery(random.device) } = request;
    this.#readEvery = options.schedule.kind === 'plateau' ? 1 : readEvery;
  }

  get steps(): number {
    return this.#steps;
  }

  getState(): TrainingState {
    const { model, random } = this.#request;
    return {
      step: this.#steps,
      network: model.state(),
      optimizer: this.#optimizer.getState(),
      schedule: this.#schedule.getState(),
      stream: this.#stream.getState(),
      random: random.getState(),
    };
  }

  /** Goes on from a state (values are copied). Throws UsageError when it is of another network or optimiser. */
  setState(state: TrainingState): void {
    const { model, random } = this.#request;
    model.loadState(state.network);
    this.#optimizer.setState(state.optimizer);
    this.#schedule.setState(state.schedule);
    this.#stream.setState(state.stream);
    random.setState(state.random);
    this.#steps = state.step;
  }

  /** Takes one step. Throws FailureError when the loss is not finite, that of a step since the last reading too. */
  step(): TrainingStep {
    const { source, steps, options, softTargets } = this.#request;
    this.#steps += 1;
    const soft = this.#steps <= steps - (softTargets?.hardSteps ?? 0);
    this.#optimizer.learningRate = options.optimizer.learningRate * this.#schedule.factor();
    const figures = scope(() => {
      const batch = source.batch(this.#stream.next(this.batchSize));
      const { loss, correct } = batchLoss(this.#request, batch, soft);
      this.#optimizer.step(grad([loss], this.#parameters));
      return new NotedStep(this.#readings.note(loss), this.#readings.note(correct));
    });
    this.#unread.push(figures);
    if (this.#steps % this.#readEvery === 0 || this.#steps === steps) this.#requireFinite();
    this.#schedule.advance(this.#readEvery === 1 ? figures.loss : undefined);
    if (this.#schedule.restarts()) this.#optimizer.reset();
    return figures;
  }

  #requireFinite(): void {
    const unread = this.#unread;
    this.#unread = [];
    const wrong = unread.findIndex(({ loss }) => !Number.isFinite(loss));
    if (wrong < 0) return;
    const step = this.#steps - unread.length + 1 + wrong;
    throw new FailureError(
      `training diverged: the loss is not finite at step ${step} of ${this.#request.steps}; try a smaller learning rate`,
    );
  }

  [Symbol.dispose](): void {
    this.#optimizer.dispose();
    this.#readings[Symbol.dispose]();
  }
}

/** Its figures are getters of the class, so that a scope that looks through what it returns does not look at them. */
class NotedStep implements TrainingStep {
  readonly #loss: Reading;
  readonly #correct: Reading;

  constructor(loss: Reading, correct: Reading) {
    this.#loss = loss;
    this.#correct = correct;
  }

  get loss(): number {
    return this.#loss.value;
  }

  get correct(): number {
    return this.#correct.value;
  }
}

/**
 * Trains `model` in place for a number of steps by cross-entropy with labels or soft targets. Batches are full and run through the
 * source in random order, pass after pass, so that a small set and a large one are trained equally long.
 */
export async function train(request: TrainRequest): Promise<void> {
  const { steps, checkpoints, signal, onStep } = request;
  using training = new Training(request);
  checkpoints?.restore(training);
  while (training.steps < steps) {
    const figures = training.step();
    await onStep?.(training.steps, figures, training.batchSize);
    checkpoints?.afterStep(training);
    try {
      await yieldToEvents(signal);
    } catch (stop) {
      checkpoints?.save(training);
      throw stop;
    }
  }
}

/** Draws a batch's augmentation and mixing, and takes the loss of what the network then sees. */
function batchLoss(
  { model, source, options, random, softTargets }: TrainRequest,
  batch: TrainingBatch,
  soft: boolean,
): { loss: Tensor; correct: Tensor } {
  const seen = seenBatch(batch, source.normalization, options, random);
  const logits = model.logits(seen.images, { kind: 'train', random });
  const correct = countCorrect(logits, seen.labels);
  if (!soft || softTargets === undefined) return { loss: hardLoss(logits, seen), correct };
  const { temperature } = softTargets;
  const target = noGrad(() => softTargets.of(seen));
  // Gradients of softened logits are smaller by the temperature's square (Hinton et al., 2015).
  const loss = softCrossEntropy(logits.div(temperature), target).mul(temperature ** 2);
  return { loss, correct };
}

function seenBatch(
  { images, ...batch }: TrainingBatch,
  normalization: Normalization,
  { augmentation, cutMix: mixProbability }: TrainOptions,
  random: RandomGenerator,
): SeenBatch {
  const augmented = noGrad(() =>
    augmentBatch(normalize(images, normalization), augmentation, random),
  );
  const mixes = mixProbability > 0 && random.uniform() < mixProbability;
  if (!mixes) return { ...batch, images: augmented };
  const { images: mixed, partner, weight } = cutMix(augmented, { random });
  return { ...batch, images: mixed, mix: { partner, weight } };
}

function hardLoss(logits: Tensor, { labels, mix }: SeenBatch): Tensor {
  if (mix === undefined) return crossEntropy(logits, labels);
  const partner = labels.indexSelect(0, mix.partner);
  return crossEntropy(logits, labels)
    .mul(mix.weight)
    .add(crossEntropy(logits, partner).mul(1 - mix.weight));
}

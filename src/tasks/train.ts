import { augmentBatch, cutMix, normalize, type TrainingAugmentation } from '../augment/index.js';
import { batch, type Dataset, type Normalization } from '../data/index.js';
import { spans } from '../distill/index.js';
import type { ImageModel } from '../models/index.js';
import {
  correctPredictions,
  createOptimizer,
  crossEntropy,
  type Optimizer,
  type OptimizerOptions,
  type Schedule,
  type ScheduleOptions,
  startSchedule,
} from '../nn/index.js';
import {
  FailureError,
  grad,
  noGrad,
  type RandomGenerator,
  scope,
  type Tensor,
  tensor,
  toDeviceOf,
} from '../tensor/index.js';
import { breathe } from './breathe.js';

/** Where training images come from, batch by batch. */
export interface TrainingSource {
  readonly size: number;
  readonly normalization: Normalization;
  /** Images [n, c, h, w] in [0, 1] and labels [n] (int64) at the given positions. */
  batch(positions: Int32Array): { readonly images: Tensor; readonly labels: Tensor };
}

export interface TrainOptions {
  readonly batchSize: number;
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
  readonly random: RandomGenerator;
  readonly signal?: AbortSignal | undefined;
  /** Called after each step with the batch's loss (nats) and the number of images classified correctly in it. */
  readonly onStep?: (step: number, loss: number, correct: number, batch: number) => void;
}

/** A source that reads a dataset. */
export function datasetSource(dataset: Dataset, device: string): TrainingSource {
  return {
    size: dataset.labels.length,
    normalization: dataset.normalization,
    batch: (positions) => batch(dataset, positions, device),
  };
}

/** A source over images [n, c, h, w] in [0, 1] and labels [n] (int64) that are in memory; both stay the caller's. */
export function tensorSource(
  images: Tensor,
  labels: Tensor,
  normalization: Normalization,
): TrainingSource {
  return {
    size: images.size(0),
    normalization,
    batch: (positions) => {
      const index = toDeviceOf(tensor(positions), images.device);
      return { images: images.indexSelect(0, index), labels: labels.indexSelect(0, index) };
    },
  };
}

/** An endless stream of positions, in a new random order at each pass over the source. */
class ShuffledStream {
  readonly #size: number;
  readonly #random: RandomGenerator;
  #order = new Int32Array(0);
  #used = 0;

  constructor(size: number, random: RandomGenerator) {
    this.#size = size;
    this.#random = random;
  }

  next(count: number): Int32Array {
    const positions = new Int32Array(count);
    for (let filled = 0; filled < count; filled++) {
      if (this.#used === this.#order.length) {
        this.#order = new Int32Array(this.#random.permutation(this.#size));
        this.#used = 0;
      }
      positions[filled] = this.#order[this.#used++]!;
    }
    return positions;
  }
}

/** What one step of training did. */
export interface TrainingStep {
  /** Of the batch, in nats. */
  readonly loss: number;
  /** Images of the batch that were classified correctly. */
  readonly correct: number;
}

/** A training, step by step; see `train`. */
export class Training implements Disposable {
  readonly #request: TrainRequest;
  readonly #parameters: readonly Tensor[];
  readonly #optimizer: Optimizer;
  readonly #schedule: Schedule;
  readonly #stream: ShuffledStream;
  #steps = 0;

  constructor(request: TrainRequest) {
    const { model, source, steps, options, random } = request;
    this.#request = request;
    this.#parameters = model.parameters();
    this.#optimizer = createOptimizer(this.#parameters, options.optimizer);
    this.#schedule = startSchedule(options.schedule, steps);
    this.#stream = new ShuffledStream(source.size, random);
  }

  /** Takes one step. Throws FailureError when the loss is not finite. */
  step(): TrainingStep {
    const { model, source, steps, options, random } = this.#request;
    this.#steps += 1;
    this.#optimizer.learningRate = options.optimizer.learningRate * this.#schedule.factor();
    const { loss, correct } = scope(() => {
      const batch = source.batch(this.#stream.next(options.batchSize));
      const result = batchLoss(model, batch, source.normalization, options, random);
      this.#optimizer.step(grad([result.loss], this.#parameters));
      return { loss: result.loss.item(), correct: result.correct };
    });
    if (!Number.isFinite(loss)) {
      throw new FailureError(
        `training diverged: the loss is not finite at step ${this.#steps} of ${steps}; try a smaller learning rate`,
      );
    }
    this.#schedule.advance(loss);
    return { loss, correct };
  }

  [Symbol.dispose](): void {
    this.#optimizer.dispose();
  }
}

/**
 * Trains `model` in place for a number of steps by cross-entropy with hard labels. Batches are full and run through the
 * source in random order, pass after pass, so that a small set and a large one are trained equally long.
 */
export async function train(request: TrainRequest): Promise<void> {
  const { steps, options, signal, onStep } = request;
  using training = new Training(request);
  for (let step = 1; step <= steps; step++) {
    const { loss, correct } = training.step();
    onStep?.(step, loss, correct, options.batchSize);
    await breathe(signal);
  }
}

function batchLoss(
  model: ImageModel,
  { images, labels }: { images: Tensor; labels: Tensor },
  normalization: Normalization,
  { augmentation, cutMix: mixProbability }: TrainOptions,
  random: RandomGenerator,
): { loss: Tensor; correct: number } {
  const input = augmentBatch(normalize(images, normalization), augmentation, random);
  if (mixProbability > 0 && random.uniform() < mixProbability) {
    const mixed = cutMix(input, { random });
    const logits = model.logits(mixed.images, { kind: 'train', random });
    const partner = labels.indexSelect(0, mixed.partner);
    const loss = crossEntropy(logits, labels)
      .mul(mixed.weight)
      .add(crossEntropy(logits, partner).mul(1 - mixed.weight));
    return { loss, correct: correctPredictions(logits, labels) };
  }
  const logits = model.logits(input, { kind: 'train', random });
  return { loss: crossEntropy(logits, labels), correct: correctPredictions(logits, labels) };
}

/** Images at which testing more at once brings no more speed. */
export const usualTestChunk = 256;

export interface TestOptions {
  readonly device: string;
  /** Images classified at once. */
  readonly imagesAtOnce?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The share of a dataset's images that `model` classifies correctly, in percent. */
export async function testAccuracy(
  model: ImageModel,
  dataset: Dataset,
  { device, imagesAtOnce = usualTestChunk, signal }: TestOptions,
): Promise<number> {
  const source = datasetSource(dataset, device);
  let correct = 0;
  for (const { start, length } of spans(source.size, imagesAtOnce)) {
    correct += correctAmong(
      model,
      source,
      Int32Array.from({ length }, (_, index) => start + index),
    );
    await breathe(signal);
  }
  return (100 * correct) / source.size;
}

/** How many of a source's images at `positions` are classified correctly, all at once. */
export function correctAmong(
  model: ImageModel,
  source: TrainingSource,
  positions: Int32Array,
): number {
  return scope(() =>
    noGrad(() => {
      const { images, labels } = source.batch(positions);
      return correctPredictions(model.logits(normalize(images, source.normalization)), labels);
    }),
  );
}

import type { Dataset, Normalization } from '../data/index.js';
import { buildModel, type ModelOptions } from '../models/index.js';
import type { EventSink } from '../run/index.js';
import type { RandomGenerator, Tensor } from '../tensor/index.js';
import { type TrainOptions, tensorSource, testAccuracy, train } from './train.js';

export interface EvaluateOptions extends TrainOptions {
  /** How long each network is trained; epochs count passes over the decoded distilled set, in full batches. */
  readonly length: { readonly steps: number } | { readonly epochs: number };
  /** Networks trained from scratch per set, each with its own seed. */
  readonly seeds: number;
}

/** Images [n, c, h, w] in [0, 1] as networks train on them (decoded), and their labels [n] (int64). */
export interface LabelledImages {
  readonly images: Tensor;
  readonly labels: Tensor;
}

export interface EvaluateRequest {
  /** What the set is called in events: 'random', 'start', 'ncfm' or any other name. */
  readonly set: string;
  /** The images that the network of seed 1, 2, … trains on; they stay the caller's. */
  readonly data: (seed: number) => LabelledImages;
  readonly normalization: Normalization;
  readonly test: Dataset;
  readonly model: ModelOptions;
  /** Steps per network, the same for all sets that are compared; see `trainingSteps`. */
  readonly steps: number;
  /** Test images classified at once. */
  readonly testAtOnce?: number | undefined;
  readonly options: EvaluateOptions;
  /** Seed k of every set starts from the same network; sets of equal size see the same order of batches. */
  readonly random: RandomGenerator;
  readonly onEvent: EventSink;
  readonly signal?: AbortSignal | undefined;
}

/** Accuracy in percent over `n` training seeds: mean and sample standard deviation (0 for one seed). */
export interface Accuracy {
  readonly mean: number;
  readonly std: number;
  readonly n: number;
}

/** The number of training steps: as given, or passes over `decodedImages` images. */
export function trainingSteps(
  { length, batchSize }: EvaluateOptions,
  decodedImages: number,
): number {
  if ('steps' in length) return length.steps;
  return Math.max(1, Math.round((length.epochs * decodedImages) / batchSize));
}

/** Of a training's steps only every so many are told, about fifty in all. */
export function stepsPerEvent(steps: number): number {
  return Math.max(1, Math.floor(steps / 50));
}

/** Mean and sample standard deviation. */
export function summarize(values: readonly number[]): Accuracy {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: n > 1 ? Math.sqrt(squares / (n - 1)) : 0, n };
}

/**
 * Trains fresh networks on a set of images, one per seed, and tests each after its last step (never the best step, which
 * would be chosen on test data).
 */
export async function evaluate(request: EvaluateRequest): Promise<Accuracy> {
  const { set, options, onEvent } = request;
  onEvent({ type: 'evaluate-start', set, seeds: options.seeds });
  const accuracies: number[] = [];
  for (let seed = 1; seed <= options.seeds; seed++)
    accuracies.push(await evaluateSeed(request, seed));
  const accuracy = summarize(accuracies);
  onEvent({ type: 'evaluate-end', set, ...accuracy });
  return accuracy;
}

async function evaluateSeed(request: EvaluateRequest, seed: number): Promise<number> {
  const { set, data, normalization, test, steps, options, onEvent, signal } = request;
  const started = performance.now();
  const { images, labels } = data(seed);
  const random = request.random.derive(`seed-${seed}`);
  using model = buildModel(request.model, test.shape, test.classNames.length, random);
  const every = stepsPerEvent(steps);
  await train({
    model,
    source: tensorSource(images, labels, normalization),
    steps,
    options,
    random,
    signal,
    onStep: (step, loss) => {
      if (step % every === 0 || step === steps)
        onEvent({ type: 'evaluate-step', set, seed, step, steps, loss });
    },
  });
  const accuracy = await testAccuracy(model, test, {
    device: random.device,
    imagesAtOnce: request.testAtOnce,
    signal,
  });
  onEvent({
    type: 'evaluate-seed-end',
    set,
    seed,
    accuracy,
    seconds: (performance.now() - started) / 1000,
  });
  return accuracy;
}

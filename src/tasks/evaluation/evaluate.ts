import type { Dataset, Normalization } from '../../data/index.js';
import type { ModelOptions } from '../../models/index.js';
import type { EventSink, FinishedWork } from '../../run/index.js';
import type { RandomGenerator } from '../../tensor/index.js';
import type { LabelOptions, Teacher } from '../soft-labels/index.js';
import type { TrainOptions } from '../train.js';
import type { WorkerPool } from '../workers/pool.js';
import { evaluateSeed } from './evaluate-seed.js';
import { type SeedResult, type SetResult, summarizeSeeds } from './results.js';
import { seedIdentity } from './seed-identity.js';
import type { TrainingImages } from './training-images.js';

export interface EvaluateOptions extends TrainOptions {
  /** How long each network is trained; epochs count passes over the decoded distilled set, in full batches. */
  readonly length: { readonly steps: number } | { readonly epochs: number };
  /** Networks trained from scratch per set, each with its own seed. */
  readonly seeds: number;
  /** What networks learn the classes from. */
  readonly labels: LabelOptions;
  readonly curve: CurveOptions;
  /** Networks trained at once, each in a process of its own; see `chooseWorkers`. 1, in this process, when left out. */
  readonly concurrency?: number | 'auto';
}

/** The learning curve: how good a network is while it is trained. */
export interface CurveOptions {
  /** Times that a network is tested on its way, evenly spaced; the test after the last step is one of them. */
  readonly points: number;
  /**
   * Real training images on which each point is measured too, so that a point can be chosen without the test images (but
   * by images that were distilled from: they are not held out). 0 for none.
   */
  readonly trainingImages: number;
}

export interface EvaluateRequest {
  /** What the set is called in events: 'random', 'start', 'ncfm' or any other name. */
  readonly set: string;
  /** The images that the network of seed 1, 2, … trains on; they stay the caller's. */
  readonly data: (seed: number) => TrainingImages;
  /** What differs between the networks beside their seeds; nothing when left out. */
  readonly varies?: SetResult['varies'];
  readonly normalization: Normalization;
  readonly test: Dataset;
  /** Real training images for the learning curve; see `CurveOptions`. */
  readonly trainingSample?: Dataset | undefined;
  readonly model: ModelOptions;
  /** Steps per network, the same for all sets that are compared; see `trainingSteps`. */
  readonly steps: number;
  /** Test images classified at once. */
  readonly testAtOnce?: number | undefined;
  readonly options: EvaluateOptions;
  /** Gives the soft labels, unless `options.labels` are hard, or static ones come with the images. */
  readonly teacher?: Teacher | undefined;
  /** Seed k of every set starts from the same network; sets of equal size see the same order of batches. */
  readonly random: RandomGenerator;
  /** Keeps each network's figures, and gives those that are there already; nothing is kept without it. */
  readonly finished?: FinishedWork | undefined;
  /** Processes that train the networks, several at once; the caller's. They are trained here, one by one, without. */
  readonly workers?: WorkerPool | undefined;
  readonly onEvent: EventSink;
  readonly signal?: AbortSignal | undefined;
}

/** The number of training steps: as given, or passes over `decodedImages` images. */
export function trainingSteps(
  { length, batchSize }: Pick<EvaluateOptions, 'length' | 'batchSize'>,
  decodedImages: number,
): number {
  if ('steps' in length) return length.steps;
  return Math.max(1, Math.round((length.epochs * decodedImages) / batchSize));
}

/**
 * Trains fresh networks on a set of images, one per seed, and tests each after its last step (never the best step, which
 * would be chosen on test data; the best is reported beside it under its own name). With `workers` the networks are
 * trained at once; their figures are those of the same networks trained one by one with the workers' number of threads.
 */
export async function evaluate(request: EvaluateRequest): Promise<SetResult> {
  const { set, options, workers, onEvent } = request;
  onEvent({ type: 'evaluate-start', set, seeds: options.seeds });
  const numbers = Array.from({ length: options.seeds }, (_, index) => index + 1);
  const result = summarizeSeeds(
    workers === undefined ? await oneByOne(request, numbers) : await atOnce(request, numbers),
    request.varies,
  );
  const { mean, std, n } = result;
  onEvent({ type: 'evaluate-end', set, mean, std, n });
  return result;
}

async function oneByOne(
  request: EvaluateRequest,
  numbers: readonly number[],
): Promise<SeedResult[]> {
  const results: SeedResult[] = [];
  for (const seed of numbers) results.push(await finishedSeed(request, seed));
  return results;
}

/** Every step says how far all networks together are. */
async function atOnce(request: EvaluateRequest, numbers: readonly number[]): Promise<SeedResult[]> {
  const done = new Map<number, number>();
  const onEvent: EventSink = (event) => {
    if (event.type === 'evaluate-seed-end') done.set(event.seed, request.steps);
    if (event.type !== 'evaluate-step') return request.onEvent(event);
    done.set(event.seed, event.step);
    const together = [...done.values()].reduce((sum, steps) => sum + steps, 0);
    request.onEvent({ ...event, together });
  };
  return await Promise.all(numbers.map((seed) => finishedSeed({ ...request, onEvent }, seed)));
}

/** A seed's network: its figures where they are there already, else trained now. */
async function finishedSeed(request: EvaluateRequest, seed: number): Promise<SeedResult> {
  const { set, finished, onEvent } = request;
  if (finished === undefined) return await trainSeed(request, seed);
  const [name, identity] = [`${set}, seed ${seed}`, seedIdentity(request, seed)];
  const found = finished.read<SeedResult>(name, identity);
  if (found !== undefined) {
    const { accuracy } = found.metrics;
    onEvent({ type: 'evaluate-seed-end', set, seed, accuracy, seconds: 0, reused: true });
    return found;
  }
  const result = await trainSeed(request, seed);
  finished.write(name, identity, result);
  return result;
}

function trainSeed(request: EvaluateRequest, seed: number): Promise<SeedResult> {
  const { workers } = request;
  return workers === undefined ? evaluateSeed(request, seed) : workers.train(request, seed);
}

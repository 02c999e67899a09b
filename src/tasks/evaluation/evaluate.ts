import type { Dataset, Normalization } from '../../data/index.js';
import { buildModel, type ImageModel, type ModelOptions } from '../../models/index.js';
import type { EventSink, FinishedWork } from '../../run/index.js';
import type { RandomGenerator, Tensor } from '../../tensor/index.js';
import { type LabelOptions, labelImages, softTargets, type Teacher } from '../soft-labels/index.js';
import { type TrainingBatch, type TrainOptions, tensorSource, train } from '../train.js';
import { CurveRecorder } from './curve.js';
import { type SeedResult, type SetResult, summarizeSeeds } from './results.js';
import { seedIdentity } from './seed-identity.js';
import { testNetwork } from './test-network.js';

export interface EvaluateOptions extends TrainOptions {
  /** How long each network is trained; epochs count passes over the decoded distilled set, in full batches. */
  readonly length: { readonly steps: number } | { readonly epochs: number };
  /** Networks trained from scratch per set, each with its own seed. */
  readonly seeds: number;
  /** What networks learn the classes from. */
  readonly labels: LabelOptions;
  readonly curve: CurveOptions;
}

/** The learning curve: how good a network is while it is trained. */
export interface CurveOptions {
  /** Times that a network is tested on its way, evenly spaced; the test after the last step is one of them. */
  readonly points: number;
  /**
   * Real training images on which each point is measured too, so that a point can be chosen without the test images. 0
   * for none.
   */
  readonly validationImages: number;
}

/** Images [n, c, h, w] in [0, 1] as networks train on them (decoded), their labels, and soft ones if there are any. */
export type LabelledImages = TrainingBatch;

export interface EvaluateRequest {
  /** What the set is called in events: 'random', 'start', 'ncfm' or any other name. */
  readonly set: string;
  /** The images that the network of seed 1, 2, … trains on; they stay the caller's. */
  readonly data: (seed: number) => LabelledImages;
  readonly normalization: Normalization;
  readonly test: Dataset;
  /** Real training images for the learning curve; see `CurveOptions`. */
  readonly validation?: Dataset | undefined;
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

/** Of a training's steps only every so many are told, about fifty in all. */
export function stepsPerEvent(steps: number): number {
  return Math.max(1, Math.floor(steps / 50));
}

/**
 * Trains fresh networks on a set of images, one per seed, and tests each after its last step (never the best step, which
 * would be chosen on test data; the best is reported beside it under its own name).
 */
export async function evaluate(request: EvaluateRequest): Promise<SetResult> {
  const { set, options, onEvent } = request;
  onEvent({ type: 'evaluate-start', set, seeds: options.seeds });
  const seeds: SeedResult[] = [];
  for (let seed = 1; seed <= options.seeds; seed++) seeds.push(await finishedSeed(request, seed));
  const result = summarizeSeeds(seeds);
  const { mean, std, n } = result;
  onEvent({ type: 'evaluate-end', set, mean, std, n });
  return result;
}

/** A seed's network: its figures where they are there already, else trained now. */
async function finishedSeed(request: EvaluateRequest, seed: number): Promise<SeedResult> {
  const { set, finished, onEvent } = request;
  if (finished === undefined) return await evaluateSeed(request, seed);
  const [name, identity] = [`${set}, seed ${seed}`, seedIdentity(request, seed)];
  const found = finished.read<SeedResult>(name, identity);
  if (found !== undefined) {
    const { accuracy } = found.metrics;
    onEvent({ type: 'evaluate-seed-end', set, seed, accuracy, seconds: 0, reused: true });
    return found;
  }
  const result = await evaluateSeed(request, seed);
  finished.write(name, identity, result);
  return result;
}

async function evaluateSeed(request: EvaluateRequest, seed: number): Promise<SeedResult> {
  const { set, test, onEvent, signal } = request;
  const started = performance.now();
  const random = request.random.derive(`seed-${seed}`);
  using model = buildModel(request.model, test.shape, test.classNames.length, random);
  const curve = new CurveRecorder(request, model);
  await trainOn(request, seed, model, random, curve);
  const testing = { device: random.device, imagesAtOnce: request.testAtOnce, signal };
  const metrics = await testNetwork(model, test, testing);
  await curve.finish(metrics);
  const { accuracy } = metrics;
  const seconds = (performance.now() - started) / 1000;
  onEvent({ type: 'evaluate-seed-end', set, seed, accuracy, seconds });
  return { metrics, curve: curve.points };
}

async function trainOn(
  request: EvaluateRequest,
  seed: number,
  model: ImageModel,
  random: RandomGenerator,
  curve: CurveRecorder,
): Promise<void> {
  const { set, normalization, steps, options, teacher, onEvent, signal } = request;
  const { labels } = options;
  const data = request.data(seed);
  using given = await staticLabels(request, data);
  const every = stepsPerEvent(steps);
  await train({
    model,
    source: tensorSource({ ...data, ...given.labels }, normalization),
    steps,
    options,
    softTargets: labels.mode === 'hard' ? undefined : softTargets(labels, teacher, steps),
    random,
    signal,
    onStep: async (step, loss) => {
      if (step % every === 0 || step === steps)
        onEvent({ type: 'evaluate-step', set, seed, step, steps, loss });
      await curve.afterStep(step);
    },
  });
}

/** The soft labels that the images lack, where they are to have some. */
async function staticLabels(
  { options: { labels }, teacher, normalization, testAtOnce, signal }: EvaluateRequest,
  data: LabelledImages,
): Promise<Disposable & { readonly labels: { readonly probabilities?: Tensor } }> {
  if (labels.mode !== 'static' || data.probabilities !== undefined || teacher === undefined) {
    return { labels: {}, [Symbol.dispose]: () => {} };
  }
  const probabilities = await labelImages({
    teacher,
    data,
    normalization,
    options: labels,
    imagesAtOnce: testAtOnce,
    signal,
  });
  return { labels: { probabilities }, [Symbol.dispose]: () => probabilities.dispose() };
}

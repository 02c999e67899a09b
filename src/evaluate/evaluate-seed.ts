import { keepResident } from '../data/index.js';
import { buildModel, type ImageModel } from '../models/index.js';
import type { RandomGenerator, Tensor } from '../tensor/index.js';
import { testNetwork } from '../train/test-network.js';
import { train } from '../train/train.js';
import { CurveRecorder } from './curve.js';
import type { EvaluateRequest } from './request.js';
import type { SeedResult } from './results.js';
import { labelImages, softTargets } from './soft-labels/targets.js';
import { isDataset, sourceOf, type TrainingImages } from './training-images.js';

/** Of a training's steps only every so many are told, about fifty in all. */
export function stepsPerEvent(steps: number): number {
  return Math.max(1, Math.floor(steps / 50));
}

/** What else is done with a network, before its training and before its test. */
export interface NetworkHooks {
  readonly onBuilt?: (model: ImageModel) => void;
  readonly onTrained?: (model: ImageModel) => void;
}

/** Trains the network of one seed in this process and tests it. */
export async function evaluateSeed(
  request: EvaluateRequest,
  seed: number,
  { onBuilt, onTrained }: NetworkHooks = {},
): Promise<SeedResult> {
  const { set, test, onEvent, signal } = request;
  const started = performance.now();
  const random = request.random.derive(`seed-${seed}`);
  using _pixels = keepResident(test, random.device);
  using model = buildModel(request.model, test.shape, test.classNames.length, random);
  onBuilt?.(model);
  const curve = new CurveRecorder(request, model);
  await trainOn(request, seed, model, random, curve);
  onTrained?.(model);
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
  const images = isDataset(data) ? data : { ...data, ...given.labels };
  const every = stepsPerEvent(steps);
  await train({
    model,
    source: sourceOf(images, normalization, random.device),
    steps,
    options,
    softTargets: labels.mode === 'hard' ? undefined : softTargets(labels, teacher, steps),
    random,
    signal,
    onStep: async (step, figures) => {
      if (step % every === 0 || step === steps)
        onEvent({ type: 'evaluate-step', set, seed, step, steps, loss: figures.loss });
      await curve.afterStep(step);
    },
  });
}

/** The soft labels that the images lack, where they are to have some; the caller disposes them. */
export async function staticLabels(
  { options: { labels }, teacher, normalization, testAtOnce, signal }: EvaluateRequest,
  data: TrainingImages,
): Promise<Disposable & { readonly labels: { readonly probabilities?: Tensor } }> {
  const lacking = !isDataset(data) && data.probabilities === undefined;
  if (labels.mode !== 'static' || !lacking || teacher === undefined) {
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

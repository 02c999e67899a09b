import type { DatasetPair } from '../data/index.js';
import { labelsByClass, realImages } from '../distill/index.js';
import type { EventSink } from '../run/index.js';
import { type RandomGenerator, scope, type Tensor } from '../tensor/index.js';
import { type Accuracy, evaluate, trainingSteps } from './evaluate.js';
import type { Plan } from './plan.js';

/** Test accuracy of networks trained on as many random real images, on the unoptimised start, and on the distilled set. */
export interface Comparison {
  readonly random: Accuracy;
  readonly start: Accuracy;
  readonly ncfm: Accuracy;
}

export interface CompareRequest {
  readonly plan: Plan;
  readonly data: DatasetPair;
  /** The decoded distilled set [classes · perClass, c, h, w], class by class; stays the caller's. */
  readonly distilled: Tensor;
  /** The decoded images before the first iteration, likewise. */
  readonly start: Tensor;
  /** Test images classified at once. */
  readonly testAtOnce?: number | undefined;
  /** The run's generator. */
  readonly random: RandomGenerator;
  readonly onEvent: EventSink;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Evaluates the distilled set beside its two controls. All three are trained by the same protocol: the same networks,
 * the same number of steps on full batches, the same augmentation. Each seed of the random control draws its own images,
 * because one draw can be lucky.
 */
export async function compare(request: CompareRequest): Promise<Comparison> {
  const { plan, data, distilled, start, random } = request;
  const draws: Tensor[] = [];
  for (let seed = 1; seed <= plan.evaluate.seeds; seed++) {
    const source = random.derive(`random-${seed}`);
    draws.push(scope(() => realImages(data.train, plan.distill.imagesPerClass, source)));
  }
  try {
    return {
      random: await measure(request, 'random', draws),
      start: await measure(request, 'start', [start]),
      ncfm: await measure(request, 'ncfm', [distilled]),
    };
  } finally {
    for (const images of draws) images.dispose();
  }
}

/** Evaluates one set; seed k trains on the k-th of `sets`, or on the only one. */
async function measure(
  { plan, data, distilled, testAtOnce, random, onEvent, signal }: CompareRequest,
  set: string,
  sets: readonly Tensor[],
): Promise<Accuracy> {
  const classes = data.train.classNames.length;
  using labels = labelsByClass(classes, sets[0]!.size(0) / classes, random.device);
  return await evaluate({
    set,
    data: (seed) => ({ images: sets[seed - 1] ?? sets[0]!, labels }),
    normalization: data.train.normalization,
    test: data.test,
    model: plan.student,
    steps: trainingSteps(plan.evaluate, distilled.size(0)),
    testAtOnce,
    options: plan.evaluate,
    random: random.derive('evaluate'),
    onEvent,
    signal,
  });
}

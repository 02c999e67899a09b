import type { DatasetPair } from '../data/index.js';
import { realImages } from '../distill/index.js';
import type { EventSink } from '../run/index.js';
import { type RandomGenerator, scope, type Tensor } from '../tensor/index.js';
import { type Accuracy, evaluate, trainingSteps } from './evaluate.js';
import type { Plan } from './plan.js';
import { labelsByClass } from './train.js';

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
  /** The run's generator. */
  readonly random: RandomGenerator;
  readonly onEvent: EventSink;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Evaluates the distilled set beside its two controls. All three are trained by the same protocol: the same networks,
 * the same number of steps on full batches, the same augmentation.
 */
export async function compare(request: CompareRequest): Promise<Comparison> {
  const { plan, data, distilled, start, random } = request;
  const classes = data.train.classNames.length;
  const { imagesPerClass } = plan.distill;
  const steps = trainingSteps(plan.evaluate, distilled.size(0));
  const measure = async (set: string, images: Tensor): Promise<Accuracy> => {
    using labels = labelsByClass(classes, images.size(0) / classes, random.device);
    return await evaluate({
      set,
      data: { images, labels },
      normalization: data.train.normalization,
      test: data.test,
      model: plan.student,
      steps,
      options: plan.evaluate,
      random: random.derive('evaluate'),
      onEvent: request.onEvent,
      signal: request.signal,
    });
  };
  using real = scope(() => realImages(data.train, imagesPerClass, random.derive('random')));
  return {
    random: await measure('random', real),
    start: await measure('start', start),
    ncfm: await measure('ncfm', distilled),
  };
}

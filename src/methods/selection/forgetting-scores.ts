import { yieldToEvents } from '../../core/event-loop.js';
import { spans } from '../../core/index.js';
import { ForgettingCounter } from '../../distill/index.js';
import type { ImageModel } from '../../models/index.js';
import { usualImagesAtOnce } from '../../train/images-at-once.js';
import { pretrainSteps } from '../../train/pretrain.js';
import type { PretrainRequest } from '../../train/pretrain-request.js';
import { classifyBatch } from '../../train/test-network.js';
import { datasetSource, type TrainingSource, train } from '../../train/train.js';
import type { MethodInput } from '../method.js';

/** Of a network that is trained like one of the pool. */
export interface ForgettingRequest
  extends Pick<PretrainRequest, 'train' | 'options' | 'random' | 'signal'>,
    Pick<MethodInput, 'buildModel'> {
  /** Times that all images are classified, evenly spaced over the training, the last after its last step. */
  readonly looks?: number;
  readonly imagesAtOnce?: number | undefined;
}

/**
 * Trains a network on a dataset and counts how often it forgets each image: one score per image, see
 * `ForgettingCounter`. All images are looked at together, as they are, a number of times that does not depend on the
 * training's length; so a training of less than a pass tells images apart too.
 */
export async function forgettingScores(request: ForgettingRequest): Promise<Float64Array> {
  const { train: dataset, options, looks = 20, random, signal } = request;
  const counter = new ForgettingCounter(dataset.labels.length);
  using model = request.buildModel(random);
  const source = datasetSource(dataset, random.device);
  const steps = pretrainSteps(request);
  const isDue = (step: number): boolean =>
    Math.floor((step * looks) / steps) > Math.floor(((step - 1) * looks) / steps);
  await train({
    model,
    source,
    steps,
    options: { ...options, cutMix: 0 },
    random,
    signal,
    onStep: async (step) => {
      if (isDue(step)) await look(model, source, request, counter);
    },
  });
  return counter.scores();
}

/** Classifies every image and tells the counter which are right. */
async function look(
  model: ImageModel,
  source: TrainingSource,
  { train: { labels, classNames, shape }, random, signal, ...request }: ForgettingRequest,
  counter: ForgettingCounter,
): Promise<void> {
  const classes = classNames.length;
  const { imagesAtOnce = usualImagesAtOnce(random.device, shape).forward } = request;
  for (const { start, length } of spans(source.size, imagesAtOnce)) {
    const positions = Int32Array.from({ length }, (_, index) => start + index);
    const scores = classifyBatch((images) => model.logits(images), source, positions);
    const correct = Array.from(positions, (position, row) => {
      const own = scores.subarray(row * classes, (row + 1) * classes);
      return own.indexOf(Math.max(...own)) === labels[position];
    });
    counter.record(positions, correct);
    await yieldToEvents(signal);
  }
}

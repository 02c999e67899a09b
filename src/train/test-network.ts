import { normalize } from '../augment/index.js';
import { yieldToEvents } from '../core/event-loop.js';
import { spans } from '../core/index.js';
import type { Dataset } from '../data/index.js';
import type { ImageModel } from '../models/index.js';
import { noGrad, scope, type Tensor } from '../tensor/index.js';
import { usualImagesAtOnce } from './images-at-once.js';
import { MetricsCollector, type TestMetrics } from './metrics.js';
import { datasetSource, type TrainingSource } from './train.js';

export interface TestOptions {
  readonly device: string;
  readonly imagesAtOnce?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Scores normalised images [n, c, h, w]: log-probabilities [n, classes]. */
export type Classify = (images: Tensor) => Tensor;

/** Classifies every image of a dataset and tells how well. The network is used as in evaluation, without gradients. */
export function testNetwork(
  model: ImageModel,
  dataset: Dataset,
  options: TestOptions,
): Promise<TestMetrics> {
  return testClassifier((images) => model.logits(images).logSoftmax(1), dataset, options);
}

/** The same with anything that classifies. */
export async function testClassifier(
  classify: Classify,
  dataset: Dataset,
  { device, imagesAtOnce, signal }: TestOptions,
): Promise<TestMetrics> {
  const atOnce = imagesAtOnce ?? usualImagesAtOnce(device, dataset.shape).forward;
  const source = datasetSource(dataset, device);
  const collector = new MetricsCollector(dataset.classNames.length);
  for (const { start, length } of spans(source.size, atOnce)) {
    const positions = Int32Array.from({ length }, (_, index) => start + index);
    collector.add(
      classifyBatch(classify, source, positions),
      dataset.labels.slice(start, start + length),
    );
    await yieldToEvents(signal);
  }
  return collector.result();
}

/** The share of a dataset's images that `model` classifies correctly, in percent. */
export async function testAccuracy(
  model: ImageModel,
  dataset: Dataset,
  options: TestOptions,
): Promise<number> {
  return (await testNetwork(model, dataset, options)).accuracy;
}

/** Log-probabilities [n, classes], row by row, of a source's images at `positions`, all at once. */
export function classifyBatch(
  classify: Classify,
  source: TrainingSource,
  positions: Int32Array,
): Float32Array {
  return scope(() =>
    noGrad(() => {
      const { images } = source.batch(positions);
      return classify(normalize(images, source.normalization)).toFloat32Array();
    }),
  );
}

/**
 * Whether a test accuracy, in percent, is one that guessing reaches by chance (below the mean of guesses plus three
 * standard deviations).
 */
export function isGuessing(accuracy: number, classes: number, testImages: number): boolean {
  const chance = 1 / classes;
  const deviation = Math.sqrt((chance * (1 - chance)) / testImages);
  return accuracy / 100 < chance + 3 * deviation;
}

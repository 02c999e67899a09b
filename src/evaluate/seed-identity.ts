import { resolveModel } from '../models/index.js';
import { computedBy } from '../tensor/computed-by.js';
import { hashTensors } from '../tensor/index.js';
import type { EvaluateRequest } from './request.js';
import { isDataset, type TrainingImages } from './training-images.js';

/** Everything that the figures of one network depend on, code and engine included. */
export function seedIdentity(request: EvaluateRequest, seed: number): object {
  const { normalization, test, trainingSample, model, steps, options, teacher, random, workers } =
    request;
  const { seeds: _, length: __, concurrency: ___, ...settings } = options;
  return {
    images: imagesHash(request.data(seed)),
    normalization,
    measuredOn: [test.hash, trainingSample?.hash ?? null],
    model: resolveModel(model, test.shape),
    classes: test.classNames.length,
    steps,
    settings,
    teacher: teacher?.hash ?? null,
    seed: [random.seed, seed],
    computedBy: computedBy('./evaluate-seed.js', import.meta.url, random.device, workers?.threads),
  };
}

/** SHA-256 (hex) of what a network is trained on. */
export function imagesHash(data: TrainingImages): string {
  if (isDataset(data)) return data.hash;
  const { images, labels, probabilities } = data;
  const named = Object.entries({ images, labels, probabilities });
  return hashTensors(named.flatMap(([name, value]) => (value ? [[name, value] as const] : [])));
}

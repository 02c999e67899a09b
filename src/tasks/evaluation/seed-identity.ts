import { resolveModel } from '../../models/index.js';
import { engine, hashTensors, threads } from '../../tensor/index.js';
import type { EvaluateRequest } from './evaluate.js';
import { isDataset, type TrainingImages } from './training-images.js';

/** Raised when the same settings would give other figures than before. */
const formatVersion = 1;

/** Everything that the figures of one network depend on, engine and threads included. */
export function seedIdentity(request: EvaluateRequest, seed: number): object {
  const { normalization, test, validation, model, steps, options, teacher, random, workers } =
    request;
  const { seeds: _, length: __, concurrency: ___, ...settings } = options;
  return {
    formatVersion,
    images: imagesHash(request.data(seed)),
    normalization,
    measuredOn: [test.hash, validation?.hash ?? null],
    model: resolveModel(model, test.shape),
    steps,
    settings,
    teacher: teacher?.hash ?? null,
    seed: [random.seed, seed],
    engine: [engine().version, random.device, workers?.threads ?? threads()],
  };
}

/** SHA-256 (hex) of what a network is trained on. */
export function imagesHash(data: TrainingImages): string {
  if (isDataset(data)) return data.hash;
  const { images, labels, probabilities } = data;
  const named = Object.entries({ images, labels, probabilities });
  return hashTensors(named.flatMap(([name, value]) => (value ? [[name, value] as const] : [])));
}

import { resolveModel } from '../../models/index.js';
import { engine, hashTensors, threads } from '../../tensor/index.js';
import type { EvaluateRequest, LabelledImages } from './evaluate.js';

/** Raised when the same settings would give other figures than before. */
const formatVersion = 1;

/** Everything that the figures of one network depend on, engine and threads included. */
export function seedIdentity(request: EvaluateRequest, seed: number): object {
  const { normalization, test, validation, model, steps, options, teacher, random } = request;
  const { seeds: _, length: __, ...settings } = options;
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
    engine: [engine().version, random.device, threads()],
  };
}

function imagesHash(images: LabelledImages): string {
  return hashTensors(Object.entries(images).filter(([, value]) => value !== undefined));
}

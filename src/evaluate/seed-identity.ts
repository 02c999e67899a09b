import { resolveModel } from '../models/index.js';
import { computedBy } from '../tensor/computed-by.js';
import { identityOf } from '../train/identity.js';
import type { EvaluateRequest } from './request.js';

/** What of a request changes nothing about the network of a seed, or only by what else is in the request. */
const immaterial = [
  'set',
  'varies',
  'testAtOnce',
  'finished',
  'workers',
  'onEvent',
  'signal',
] as const satisfies readonly (keyof EvaluateRequest)[];

/** Everything that the figures of one network depend on, code and engine included. */
export function seedIdentity(request: EvaluateRequest, seed: number): object {
  const { test, data, model, options, random, workers } = request;
  const { seeds: _, length: __, concurrency: ___, ...settings } = options;
  return {
    ...identityOf(request, ['data', ...immaterial]),
    ...identityOf({ images: data(seed) }),
    model: resolveModel(model, test.shape),
    options: settings,
    seed,
    computedBy: computedBy('./evaluate-seed.js', import.meta.url, random.device, workers?.threads),
  };
}

import type { EventSink } from '../run/index.js';
import { evaluateSeed, type NetworkHooks } from './evaluate-seed.js';
import type { EvaluateRequest } from './request.js';
import { type SeedResult, type SetResult, summarizeSeeds } from './results.js';
import { seedIdentity } from './seed-identity.js';

export { trainingSteps } from '../train/train.js';

/**
 * Trains fresh networks on a set of images, one per seed, and tests each after its last step (never the best step, which
 * would be chosen on test data; the best is reported beside it under its own name). With `workers` the networks are
 * trained at once; their figures are those of the same networks trained one by one with the workers' number of threads.
 */
export async function evaluate(request: EvaluateRequest): Promise<SetResult> {
  const { set, options, workers, onEvent } = request;
  onEvent({ type: 'evaluate-start', set, seeds: options.seeds });
  const numbers = Array.from({ length: options.seeds }, (_, index) => index + 1);
  const result = summarizeSeeds(
    workers === undefined ? await oneByOne(request, numbers) : await atOnce(request, numbers),
    request.varies,
  );
  const { mean, std, n } = result;
  onEvent({ type: 'evaluate-end', set, mean, std, n });
  return result;
}

async function oneByOne(
  request: EvaluateRequest,
  numbers: readonly number[],
): Promise<SeedResult[]> {
  const results: SeedResult[] = [];
  for (const seed of numbers) results.push(await finishedSeed(request, seed));
  return results;
}

/** Every step says how far all networks together are. */
async function atOnce(request: EvaluateRequest, numbers: readonly number[]): Promise<SeedResult[]> {
  const done = new Map<number, number>();
  const onEvent: EventSink = (event) => {
    if (event.type === 'evaluate-seed-end') done.set(event.seed, request.steps);
    if (event.type !== 'evaluate-step') return request.onEvent(event);
    done.set(event.seed, event.step);
    const together = [...done.values()].reduce((sum, steps) => sum + steps, 0);
    request.onEvent({ ...event, together });
  };
  return await Promise.all(numbers.map((seed) => finishedSeed({ ...request, onEvent }, seed)));
}

/**
 * A seed's network: its figures where they are there already, else trained now.
 *
 * @param variant what else is done with it, what that depends on, and which files of the folder of finished work it writes
 */
export async function finishedSeed(
  request: EvaluateRequest,
  seed: number,
  variant: NetworkHooks & { readonly inputs?: object; readonly files?: readonly string[] } = {},
): Promise<SeedResult> {
  const { inputs, files = [], ...hooks } = variant;
  const { set, finished, workers, onEvent } = request;
  const train = (): Promise<SeedResult> =>
    workers === undefined ? evaluateSeed(request, seed, hooks) : workers.train(request, seed);
  if (finished === undefined) return await train();
  const identity = { ...seedIdentity(request, seed), ...inputs };
  const { value, found } = await finished.readOrMake(
    { name: `${set}, seed ${seed}`, identity, files },
    train,
  );
  if (found) {
    const { accuracy } = value.metrics;
    onEvent({ type: 'evaluate-seed-end', set, seed, accuracy, seconds: 0, reused: true });
  }
  return value;
}

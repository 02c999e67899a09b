import type { ProcessGroup } from '../distributed/index.js';
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
  const { options, workers } = request;
  begin(request, new Set());
  const numbers = Array.from({ length: options.seeds }, (_, index) => index + 1);
  const results = workers === undefined ? oneByOne(request, numbers) : atOnce(request, numbers);
  return summarized(request, await results);
}

/**
 * Several evaluations at once, by the processes of a group: each trains some of the networks of all of them, and all get
 * every result.
 */
export async function evaluateTogether(
  requests: readonly EvaluateRequest[],
  group: ProcessGroup,
): Promise<SetResult[]> {
  const jobs = requests.flatMap((request) =>
    Array.from({ length: request.options.seeds }, (_, index) => ({ request, seed: index + 1 })),
  );
  const begun = new Set<EvaluateRequest>();
  const train = async (own: Readonly<typeof jobs>): Promise<SeedResult[]> => {
    const results: SeedResult[] = [];
    for (const { request, seed } of own) {
      begin(request, begun);
      results.push(await finishedSeed(request, seed));
    }
    return results;
  };
  const results = await group.shareOut(jobs, train, requests[0]?.signal);
  const found = jobs.map((job, index) => ({
    ...job,
    own: group.owns(index),
    result: results[index]!,
  }));
  return requests.map((request) => {
    begin(request, begun);
    const ofSet = found.filter((job) => job.request === request);
    for (const { seed, own, result } of ofSet) if (!own) tellFound(request, seed, result);
    return summarized(
      request,
      ofSet.map(({ result }) => result),
    );
  });
}

function begin(request: EvaluateRequest, begun: Set<EvaluateRequest>): void {
  if (begun.has(request)) return;
  begun.add(request);
  const { set, options, onEvent } = request;
  onEvent({ type: 'evaluate-start', set, seeds: options.seeds });
}

function summarized(
  { set, varies, onEvent }: EvaluateRequest,
  results: readonly SeedResult[],
): SetResult {
  const result = summarizeSeeds(results, varies);
  const { mean, std, n } = result;
  onEvent({ type: 'evaluate-end', set, mean, std, n });
  return result;
}

/** A network that was not trained in this process, or not now. */
function tellFound({ set, onEvent }: EvaluateRequest, seed: number, { metrics }: SeedResult): void {
  const { accuracy } = metrics;
  onEvent({ type: 'evaluate-seed-end', set, seed, accuracy, seconds: 0, reused: true });
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
  const { set, finished, workers } = request;
  const train = (): Promise<SeedResult> =>
    workers === undefined ? evaluateSeed(request, seed, hooks) : workers.train(request, seed);
  if (finished === undefined) return await train();
  const identity = { ...seedIdentity(request, seed), ...inputs };
  const { value, found } = await finished.readOrMake(
    { name: `${set}, seed ${seed}`, identity, files },
    train,
  );
  if (found) tellFound(request, seed, value);
  return value;
}

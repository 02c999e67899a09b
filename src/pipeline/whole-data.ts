import type { WholeData } from '../evaluate/results.js';
import { summarize } from '../evaluate/statistics.js';
import type { Plan } from '../plan/plan.js';
import { networksReady } from '../train/pool-cache.js';
import { poolAccuracies, pretrain } from '../train/pretrain.js';
import type { PretrainOptions, PretrainRequest } from '../train/pretrain-request.js';
import type { RunContext } from './run-context.js';

/**
 * Trains networks on all real training images by the evaluation's optimiser, schedule, batch size and augmentation, or
 * reads what earlier runs have trained. Labels are hard and batches are not mixed.
 */
export async function measureWholeData(context: RunContext): Promise<WholeData> {
  const request = requestOf(context);
  (await pretrain(request)).dispose();
  return boundOf(context.plan, poolAccuracies(request)!);
}

/** The bound when all of its networks are in the cache and were tested on these images. */
export function wholeDataIfReady(context: RunContext): WholeData | undefined {
  const request = requestOf(context);
  if (networksReady(request) < request.options.networks) return undefined;
  const accuracies = poolAccuracies(request);
  return accuracies && boundOf(context.plan, accuracies);
}

function boundOf({ wholeData: { epochs } }: Plan, accuracies: readonly number[]): WholeData {
  return { epochs, ...summarize(accuracies) };
}

function requestOf({
  plan,
  data,
  cache,
  memory,
  random,
  onEvent,
  signal,
}: RunContext): PretrainRequest {
  const { batchSize, optimizer, schedule, augmentation } = plan.evaluate;
  const { epochs, networks } = plan.wholeData;
  const options: PretrainOptions = {
    networks,
    length: { epochs },
    batchSize,
    optimizer,
    schedule,
    augmentation,
  };
  return {
    train: data.train,
    test: data.test,
    testAtOnce: memory.chunks.test,
    model: plan.student,
    options,
    cache,
    checkpoint: plan.checkpoint,
    random: random.derive('whole-data'),
    onEvent,
    signal,
  };
}

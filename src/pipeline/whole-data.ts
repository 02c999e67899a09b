import type { WholeData } from '../evaluate/results.js';
import { summarize } from '../evaluate/statistics.js';
import type { Plan } from '../plan/plan.js';
import { poolAccuracies, pretrain } from '../train/pretrain.js';
import type { PretrainRequest } from '../train/pretrain-request.js';
import { pretrainRequest, type RunContext } from './run-context.js';

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
  const accuracies = poolAccuracies(request);
  return accuracies && boundOf(context.plan, accuracies);
}

function boundOf({ wholeData: { epochs } }: Plan, accuracies: readonly number[]): WholeData {
  return { epochs, ...summarize(accuracies) };
}

function requestOf(context: RunContext): PretrainRequest {
  const { student, evaluate, wholeData } = context.plan;
  const { batchSize, optimizer, schedule, augmentation } = evaluate;
  const { epochs, networks } = wholeData;
  const length = { epochs };
  return pretrainRequest(context, {
    model: student,
    trajectories: undefined,
    options: { networks, length, batchSize, optimizer, schedule, augmentation },
    random: context.random.derive('whole-data'),
  });
}

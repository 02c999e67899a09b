import { chooseEvaluationWorkers } from '../capacity/choose-workers.js';
import { WorkerPool } from '../workers/pool.js';
import type { RunContext } from './run-context.js';

/** The worker processes of an evaluation, the caller's; none where networks are trained one by one, or by a group's processes. */
export function openEvaluationWorkers(
  { plan, group, signal }: Pick<RunContext, 'plan' | 'group' | 'signal'>,
  scratch?: string,
): WorkerPool | undefined {
  if (group !== undefined) return undefined;
  const { workers, threads } = chooseEvaluationWorkers(plan);
  if (workers === 1) return undefined;
  return new WorkerPool({ workers, threads, ...(scratch !== undefined && { scratch }), signal });
}

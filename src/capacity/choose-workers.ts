import { UsageError } from '../core/index.js';
import type { Plan } from '../plan/plan.js';

export interface WorkerLimits {
  readonly threads: number;
  readonly networks: number;
  readonly device: string;
  /** The setting, for an error. */
  readonly key: string;
}

/** How many networks are trained at once, and the threads that each has. */
export interface WorkerChoice {
  readonly workers: number;
  readonly threads: number;
}

/** A GPU's memory context of about 0.5 GB, and its attention, go to each process: `auto` is no more than these. */
export const mostWorkersOnCard = 4;

/**
 * Divides a number of threads among networks that are trained at once: `auto` is as many networks as there are threads,
 * but no more than there are in all, and on a GPU no more than `mostWorkersOnCard`. Threads that cannot be divided evenly are left idle. Throws UsageError naming the
 * setting when there are fewer threads than networks.
 */
export function chooseWorkers(
  concurrency: number | 'auto',
  { threads, networks, device, key }: WorkerLimits,
): WorkerChoice {
  const most = device === 'cpu' ? networks : Math.min(networks, mostWorkersOnCard);
  const workers = concurrency === 'auto' ? Math.min(threads, most) : concurrency;
  if (workers <= threads) return { workers, threads: Math.floor(threads / workers) };
  throw new UsageError(
    `${key}: ${workers} networks at once need a thread each, and threads is ${threads}; use at most ${threads}, or allow more with --threads`,
  );
}

/**
 * How an evaluation trains its networks: with one worker, in this process. A teacher that gives labels on the fly is in
 * one process only, so `auto` is 1 then.
 */
export function chooseEvaluationWorkers({
  threads,
  device,
  evaluate,
}: Pick<Plan, 'threads' | 'device' | 'evaluate'>): WorkerChoice {
  const { concurrency = 1, seeds, labels } = evaluate;
  const alone = concurrency === 'auto' && labels.mode === 'on-the-fly';
  const key = 'evaluate.concurrency';
  return chooseWorkers(alone ? 1 : concurrency, { threads, networks: seeds, device, key });
}

import { UsageError } from '../core/index.js';
import type { Plan } from '../plan/plan.js';

/** How many networks are trained at once, and the threads that each has. */
export interface WorkerChoice {
  readonly workers: number;
  readonly threads: number;
}

/**
 * Divides a number of threads among networks that are trained at once: `auto` is as many networks as there are threads,
 * but no more than there are in all. Threads that cannot be divided evenly are left idle. Throws UsageError naming the
 * setting when there are fewer threads than networks.
 */
export function chooseWorkers(
  concurrency: number | 'auto',
  { threads, networks, key }: { readonly threads: number; networks: number; key: string },
): WorkerChoice {
  const workers = concurrency === 'auto' ? Math.min(threads, networks) : concurrency;
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
  evaluate,
}: Pick<Plan, 'threads' | 'evaluate'>): WorkerChoice {
  const { concurrency = 1, seeds, labels } = evaluate;
  const alone = concurrency === 'auto' && labels.mode === 'on-the-fly';
  const key = 'evaluate.concurrency';
  return chooseWorkers(alone ? 1 : concurrency, { threads, networks: seeds, key });
}

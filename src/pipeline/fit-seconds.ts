import { measureStage, type StageMeasurement } from '../capacity/measure.js';
import { formatDuration } from '../core/progress.js';
import type { DatasetPair } from '../data/index.js';
import { methodOf, wantsPool } from '../methods/registry.js';
import type { Plan } from '../plan/plan.js';
import type { EventSink } from '../run/index.js';
import type { CheckedMethod } from './check-methods.js';
import { startEngine } from './prepare.js';

export interface FitRequest {
  /** Of pretraining and distilling together. */
  readonly seconds: number;
  readonly data: DatasetPair;
  readonly onEvent: EventSink;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The method with as many iterations as take so many seconds on this machine, its pool's training counted in full; a little
 * of both is done to know. One without iterations of its own, which takes a single step, is left as it is. Where the
 * seconds are too few for one iteration, the method cannot run.
 */
export async function fitSeconds(
  method: CheckedMethod,
  request: FitRequest,
): Promise<CheckedMethod> {
  const { plan } = method;
  if ('problem' in method || !hasIterations(plan)) return method;
  startEngine(plan);
  const { chunks } = method.prepared.memory;
  const work = { ...request, plan, chunks, pretrains: true, timed: true };
  const { networks } = plan.pretrain;
  const pretraining = wantsPool(plan.distill)
    ? networks * (await measureStage('pretrain', work)).seconds
    : 0;
  const distilling = await measureStage('distill', work);
  const { start = 0 } = distilling;
  const iterations = iterationsWithin(request.seconds - pretraining, {
    ...distilling,
    iterations: plan.distill.iterations,
  });
  if (iterations > 0) {
    const fitted = { ...plan, distill: { ...plan.distill, iterations } };
    const [wrong] = methodOf(plan.distill.method).problems?.(fitted.distill, plan.pretrain) ?? [];
    return wrong === undefined
      ? { ...method, plan: fitted }
      : { plan: fitted, problem: `distill.${wrong.path.join('.')}: ${wrong.text}` };
  }
  const [all, networksTake, startTakes] = [request.seconds, pretraining, start].map(formatDuration);
  const before = pretraining > 0 ? `its networks take about ${networksTake}, ` : '';
  return {
    plan,
    problem: `${all} are too few for one iteration: ${before}its start takes about ${startTakes}`,
  };
}

/** Whole iterations that fit into some seconds, after the start, at the mean pace of those that were estimated. */
export function iterationsWithin(
  seconds: number,
  {
    seconds: all,
    start = 0,
    iterations,
  }: Pick<StageMeasurement, 'seconds' | 'start'> & {
    readonly iterations: number;
  },
): number {
  const each = (all - start) / iterations;
  return Math.max(0, Math.floor((seconds - start) / each));
}

function hasIterations(plan: Plan): boolean {
  const { schema } = methodOf(plan.distill.method);
  return schema.safeParse({ ...plan.distill, iterations: 2 }).success;
}

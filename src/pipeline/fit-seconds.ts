import { measureStage, type StageMeasurement } from '../capacity/measure.js';
import { formatDuration } from '../core/progress.js';
import type { DatasetPair } from '../data/index.js';
import { methodOf, wantsPool } from '../methods/registry.js';
import type { Plan } from '../plan/plan.js';
import type { RunDirectory } from '../run/index.js';
import { poolSeconds, pretrain } from '../train/pretrain.js';
import type { CheckedMethod } from './check-methods.js';
import { type Prepared, startEngine } from './prepare.js';
import { recordRun } from './record-run.js';
import { begin, type PipelineRequest, pretrainRequest, timed } from './run-context.js';

export interface FitRequest extends Pick<PipelineRequest, 'cache' | 'onEvent' | 'signal'> {
  /** Of pretraining and distilling together. */
  readonly seconds: number;
  readonly data: DatasetPair;
  /** The method's run, whose log tells how its pool was trained. */
  readonly directory: RunDirectory;
}

/**
 * The method with as many iterations as take so many seconds on this machine. Its pool is trained here, so that what it
 * really took is counted, whenever that was; a little of a distillation is done to know its pace. A method without
 * iterations of its own, which takes a single step, is left as it is. Where the seconds are too few for one iteration, the
 * method cannot run; no pool is trained first where that could be foreseen.
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
  const withPool = wantsPool(plan.distill);
  const expected = withPool ? networks * (await measureStage('pretrain', work)).seconds : 0;
  const pace = { ...(await measureStage('distill', work)), iterations: plan.distill.iterations };
  if (iterationsWithin(request.seconds - expected, pace) === 0) {
    return { plan, problem: tooFew(request.seconds, expected, pace.fixed) };
  }
  const pretraining = withPool ? ((await trainPool(method, request)) ?? expected) : 0;
  const iterations = iterationsWithin(request.seconds - pretraining, pace);
  if (iterations === 0) return { plan, problem: tooFew(request.seconds, pretraining, pace.fixed) };
  const fitted = { ...plan, distill: { ...plan.distill, iterations } };
  const [wrong] = methodOf(plan.distill.method).problems?.(fitted.distill, plan.pretrain) ?? [];
  return wrong === undefined
    ? { ...method, plan: fitted }
    : { plan: fitted, problem: `distill.${wrong.path.join('.')}: ${wrong.text}` };
}

/** Trains what the cache lacks of a method's pool; the seconds that all of it took, where they are known. */
async function trainPool(
  { plan, prepared }: CheckedMethod & { readonly prepared: Prepared },
  { data, directory, cache, onEvent: told, signal }: FitRequest,
): Promise<number | undefined> {
  const { classNames } = data.train;
  return await recordRun(
    { task: 'run', plan, classNames, directory, onEvent: told, signal },
    async (onEvent) => {
      const context = await begin({ plan, cache, prepared, onEvent, signal });
      const request = pretrainRequest(context);
      const { value: pool } = await timed('pretrain', onEvent, () => pretrain(request));
      pool.dispose();
      return poolSeconds(request);
    },
  );
}

function tooFew(seconds: number, pretraining: number, start: number): string {
  const [all, networksTake, startTakes] = [seconds, pretraining, start].map(formatDuration);
  const before = pretraining > 0 ? `its networks take about ${networksTake}, ` : '';
  return `${all} are too few for one iteration: ${before}its start takes about ${startTakes}`;
}

/** Whole iterations that fit into some seconds, after the start, at the mean pace of those that were estimated. */
export function iterationsWithin(
  seconds: number,
  {
    seconds: all,
    fixed,
    iterations,
  }: Pick<StageMeasurement, 'seconds' | 'fixed'> & {
    readonly iterations: number;
  },
): number {
  const each = (all - fixed) / iterations;
  return Math.max(0, Math.floor((seconds - fixed) / each));
}

/** Whether a plan's method takes as many iterations as it is told, and not a single step of its own. */
export function hasIterations(plan: Plan): boolean {
  const { schema } = methodOf(plan.distill.method);
  const { error } = schema.safeParse({ ...plan.distill, iterations: 2 });
  return error === undefined || error.issues.every(({ path }) => path[0] !== 'iterations');
}

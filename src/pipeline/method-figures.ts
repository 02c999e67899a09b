import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Artifacts, packageVersion, UsageError } from '../core/index.js';
import type { DatasetPair } from '../data/index.js';
import { imagesFile } from '../distill/product.js';
import type { SetFigures, WholeData } from '../evaluate/results.js';
import { summarize } from '../evaluate/statistics.js';
import { wantsPool } from '../methods/registry.js';
import type { Plan } from '../plan/plan.js';
import {
  type LoggedEvent,
  type Phase,
  type RunDirectory,
  readEvents,
  stagesOf,
} from '../run/index.js';
import { engine } from '../tensor/index.js';
import { poolSeconds } from '../train/pretrain.js';
import type { CheckedMethod } from './check-methods.js';
import { runPipeline } from './pipeline.js';
import { type Prepared, startEngine } from './prepare.js';
import { recordRun } from './record-run.js';
import { evaluateRepeats, type RepeatedAccuracy, repeatedPlans } from './repeats.js';
import {
  datasetFacts,
  type PipelineRequest,
  pretrainRequest,
  productFolder,
} from './run-context.js';

/** What a method came to and what that took; where it has distilled several times, what one of them took on average. */
export interface MethodFigures {
  /** In percent: over trainings of one set, or over several distillations. */
  readonly accuracy: SetFigures | RepeatedAccuracy;
  readonly iterations: number;
  /** Wall-clock, in all processes that have worked on it. */
  readonly seconds: {
    /** Of the pool's networks, whenever they were trained; 0 without a pool, null where it is not known. */
    readonly pretrain: number | null;
    readonly distill: number;
    /** Null where a single one does everything. */
    readonly perIteration: number | null;
    /** Of training and testing networks on the distilled set. */
    readonly evaluate: number;
  };
  /** Its networks, and how many of them other runs had trained; null without a pool. */
  readonly pool: { readonly networks: number; readonly reused: number } | null;
  /** The most main memory that the process has held in each stage, in bytes; absent where the system does not tell. */
  readonly peakMemory: { readonly [phase in Phase]?: number };
  /** Bytes of the distilled set's files. */
  readonly productBytes: number;
}

/** A method's figures, and those of its controls, which it shares with the other methods. */
export interface MeasuredMethod {
  readonly figures: MethodFigures;
  readonly random: SetFigures | RepeatedAccuracy;
  readonly wholeData?: WholeData;
}

export interface MethodRun
  extends Pick<PipelineRequest, 'cache' | 'acceptChanges' | 'onEvent' | 'signal'> {
  readonly directory: RunDirectory;
  readonly data: DatasetPair;
  readonly method: CheckedMethod;
}

/**
 * Runs a method and measures what that takes, or finds the figures in its directory.
 * @throws UsageError when the method cannot run here, and what the run throws
 */
export async function measureMethod(run: MethodRun): Promise<MeasuredMethod> {
  const { directory, data, method } = run;
  const artifact = {
    name: 'figures',
    identity: {
      versions: { ncfm: packageVersion(), libtorch: engine().version },
      data: datasetFacts(data),
      plan: method.plan,
    },
    files: [join(productFolder, imagesFile)],
  };
  const measure = async (): Promise<MeasuredMethod> => {
    if ('problem' in method) throw new UsageError(method.problem);
    return await runMethod(run, method.plan, method.prepared);
  };
  return (await new Artifacts(directory.path).readOrMake(artifact, measure)).value;
}

async function runMethod(
  { directory, data, method: _, ...run }: MethodRun,
  plan: Plan,
  prepared: Prepared,
): Promise<MeasuredMethod> {
  const request = { ...run, plan, directory, prepared };
  const { onEvent: told, signal } = run;
  const { classNames } = data.train;
  const { accuracy, ...result } = await recordRun(
    { task: 'run', plan, classNames, directory, onEvent: told, signal },
    (onEvent) => evaluateRepeats({ ...request, onEvent }, runPipeline),
  );
  const events = readEvents(directory.pathOf('events.jsonl'));
  const wholeData = ('runs' in result ? result.runs[0]! : result).wholeData;
  return {
    figures: {
      accuracy: accuracy.distilled,
      iterations: plan.distill.iterations,
      ...costs(events, plan, poolSecondsOf({ ...request, data })),
      productBytes: sizeOf(directory.pathOf(productFolder)),
    },
    random: accuracy.random,
    ...(wholeData && { wholeData }),
  };
}

/** Of all distillations together; undefined where it is not known. */
function poolSecondsOf({
  plan,
  data,
  prepared: { memory },
  cache,
  onEvent,
  signal,
}: Omit<PipelineRequest, 'prepared'> & Pick<MethodRun, 'data'> & { readonly prepared: Prepared }) {
  if (!wantsPool(plan.distill)) return 0;
  const seconds = repeatedPlans(plan).map((each) => {
    const random = startEngine(each);
    return poolSeconds(
      pretrainRequest({ plan: each, data, memory, cache, random, onEvent, signal }),
    );
  });
  return seconds.reduce<number | undefined>(
    (sum, each) => (sum === undefined || each === undefined ? undefined : sum + each),
    0,
  );
}

/** What a run's log tells of its costs, for one of its distillations on average. */
function costs(
  events: readonly LoggedEvent[],
  { repeats, distill, pretrain }: Plan,
  pretraining: number | undefined,
): Pick<MethodFigures, 'seconds' | 'pool' | 'peakMemory'> {
  const stages = stagesOf(events);
  let phase: Phase | undefined;
  let trained = 0;
  let evaluating = 0;
  const iterations: number[] = [];
  for (const event of events) {
    if (event.type === 'phase-start') phase = event.phase;
    if (event.type === 'pretrain-network-end' && phase === 'pretrain') trained += 1;
    if (event.type === 'distill-iteration') iterations.push(event.seconds);
    if (event.type === 'evaluate-seed-end' && event.set === 'distilled')
      evaluating += event.seconds;
  }
  const networks = wantsPool(distill) ? repeats * pretrain.networks : 0;
  const peaks = Object.entries(stages).flatMap(([stage, { peak }]) =>
    peak === undefined ? [] : [[stage, peak] as const],
  );
  return {
    seconds: {
      pretrain: pretraining === undefined ? null : pretraining / repeats,
      distill: (stages.distill?.seconds ?? 0) / repeats,
      perIteration: distill.iterations < 2 ? null : summarize(iterations).mean,
      evaluate: evaluating / repeats,
    },
    pool: networks === 0 ? null : { networks, reused: Math.max(0, networks - trained) },
    peakMemory: Object.fromEntries(peaks),
  };
}

function sizeOf(folder: string): number {
  return readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
}

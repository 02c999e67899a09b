import { writeFileAtomic } from '../core/index.js';
import type { RunComparison } from '../evaluate/compare.js';
import type { SetResult, Varied } from '../evaluate/results.js';
import {
  type Accuracy,
  type Components,
  summarize,
  varianceComponents,
} from '../evaluate/statistics.js';
import type { Plan } from '../plan/plan.js';
import { planYaml } from '../plan/plan-yaml.js';
import { type EventSink, RunDirectory } from '../run/index.js';
import { RandomGenerator } from '../tensor/index.js';
import type { PipelineResult } from './evaluate-set.js';
import { recordRun } from './record-run.js';
import type { PhaseSeconds, PipelineRequest } from './run-context.js';
import { drawAccuracies } from './run-pictures.js';

/** An accuracy over distillations: each value is the mean over the networks of one of them. */
export interface RepeatedAccuracy extends Accuracy {
  readonly varies: readonly Varied[];
  /** The mean of each distillation, in order. */
  readonly distillations: readonly number[];
  /** Networks trained for each. */
  readonly trainings: number;
  readonly components: Components;
}

/** What several distillations came to, each with a pool, a start and an evaluation of its own; accuracies in percent. */
export interface RepeatedResult
  extends Pick<
    PipelineResult,
    'dataset' | 'method' | 'imagesPerClass' | 'evaluatedOn' | 'directory'
  > {
  readonly accuracy: { readonly [set in keyof RunComparison]: RepeatedAccuracy };
  /** Of all distillations together. */
  readonly seconds: PhaseSeconds;
  readonly memory: PipelineResult['memory'];
  readonly runs: readonly PipelineResult[];
}

/** Where the further distillations of a run are. */
export const repeatsFolder = 'repeats';

/** The plans of a plan's distillations: the first is the plan itself, the others differ from it by their seed. */
export function repeatedPlans(plan: Plan): Plan[] {
  const random = new RandomGenerator(plan.seed);
  return Array.from({ length: plan.repeats }, (_, index) => ({
    ...plan,
    repeats: 1,
    ...(index > 0 && { seed: random.derive(`distillation-${index + 1}`).seed }),
  }));
}

/**
 * Does a task for each of a plan's distillations. The first lives in the run's own folder, the others are runs of their
 * own below it, in `repeats/2`, `repeats/3`, …, that can be opened, evaluated and exported like any; so more of them can
 * be asked for later, and those that are done are not done again.
 */
export async function forEachRepeat<T>(
  request: PipelineRequest,
  task: (request: PipelineRequest) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  const plans = repeatedPlans(request.plan);
  for (const [index, plan] of plans.entries()) {
    const { onEvent } = request;
    if (plans.length > 1) {
      const { seed } = plan;
      onEvent({ type: 'repeat-start', repeat: index + 1, repeats: plans.length, seed });
    }
    if (index === 0) {
      results.push(await task({ ...request, plan }));
      continue;
    }
    const directory = repeatDirectory(request.directory, index + 1);
    directory.writeConfig(planYaml(plan));
    const shared = request.shared && repeatDirectory(request.shared, index + 1);
    const run = { task: 'run', plan, directory, onEvent, signal: request.signal } as const;
    const work = (events: EventSink) =>
      task({ ...request, plan, directory, shared, onEvent: events });
    results.push(await recordRun(run, work));
  }
  return results;
}

function repeatDirectory(run: RunDirectory, repeat: number): RunDirectory {
  return RunDirectory.create({
    runs: run.pathOf(repeatsFolder),
    name: String(repeat),
    existing: 'continue',
  });
}

/**
 * Does a task that evaluates for each of a plan's distillations, and puts the results of several together, as
 * `repeats.json` and `repeats.svg` in the run's folder.
 */
export async function evaluateRepeats(
  request: PipelineRequest,
  task: (request: PipelineRequest) => Promise<PipelineResult>,
): Promise<PipelineResult | RepeatedResult> {
  const runs = await forEachRepeat(request, task);
  if (runs.length === 1) return runs[0]!;
  const { directory } = request;
  const result = repeatedResult(runs);
  writeFileAtomic(directory.pathOf('repeats.json'), `${JSON.stringify(result, null, 2)}\n`);
  await drawAccuracies(directory.pathOf('repeats.svg'), result.accuracy, result.method);
  return result;
}

function repeatedResult(runs: readonly PipelineResult[]): RepeatedResult {
  const [first] = runs;
  if (first === undefined) throw new RangeError('there is no distillation');
  const { dataset, method, imagesPerClass, evaluatedOn, directory } = first;
  const over = (set: keyof RunComparison): RepeatedAccuracy =>
    repeatedAccuracy(
      runs.map(({ accuracy }) => accuracy[set].trainings),
      set === 'random' ? ['images', 'training'] : ['distillation', 'training'],
    );
  const phases = ['pretrain', 'distill', 'evaluate'] as const;
  return {
    dataset,
    method,
    imagesPerClass,
    evaluatedOn,
    accuracy: { random: over('random'), start: over('start'), distilled: over('distilled') },
    seconds: Object.fromEntries(
      phases
        // An evaluation alone has nothing to tell of the stages before it.
        .filter((phase) => runs.some(({ seconds }) => seconds[phase] !== undefined))
        .map((phase) => [phase, runs.reduce((sum, { seconds }) => sum + (seconds[phase] ?? 0), 0)]),
    ),
    memory: runs.map(({ memory }) => memory).reduce((a, b) => (b.peak > a.peak ? b : a)),
    runs,
    directory,
  };
}

/** @param groups the accuracies of each distillation's networks */
export function repeatedAccuracy(
  groups: readonly (readonly number[])[],
  varies: SetResult['varies'],
): RepeatedAccuracy {
  const distillations = groups.map((group) => summarize(group).mean);
  return {
    ...summarize(distillations),
    varies,
    distillations,
    trainings: groups[0]!.length,
    components: varianceComponents(groups),
  };
}

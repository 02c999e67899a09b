import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { safetyMargin } from '../../capacity/budget.js';
import { chooseWorkers, type WorkerChoice } from '../../capacity/choose-workers.js';
import { distillStages, measureStage } from '../../capacity/measure.js';
import { formatSize, type ImageShape, UsageError } from '../../core/index.js';
import type { DatasetPair } from '../../data/index.js';
import type { ConvNetOptions, ModelOptions } from '../../models/index.js';
import { holdOut } from '../../pipeline/hold-out.js';
import {
  type CheckOptions,
  checkPlan,
  type Prepared,
  requireEnoughImages,
} from '../../pipeline/prepare.js';
import { productFolder } from '../../pipeline/run-context.js';
import type { Plan } from '../../plan/plan.js';
import { residentMemory } from '../../tensor/index.js';
import { fittingCandidates } from './space.js';

/** A search holds images out itself, and has a concurrency of its own. */
function withoutOwnSettings(plan: Plan): Plan {
  const { dataset, evaluate } = plan;
  return {
    ...plan,
    dataset: { ...dataset, validation: 0 },
    evaluate: { ...evaluate, concurrency: 1 },
  };
}

/** The images that a search trains on, and those held out to put architectures in order by. */
export function searchedParts({ dataset, search }: Plan, { train }: DatasetPair): DatasetPair {
  return holdOut(train, dataset.validation > 0 ? dataset.validation : search.validation);
}

export function chooseSearchWorkers({ search, threads, device }: Plan): WorkerChoice {
  const key = 'search.concurrency';
  return chooseWorkers(search.concurrency, { threads, networks: threads, device, key });
}

/**
 * Checks, before anything is computed, that a search can run here: all that a distillation needs unless the plan names a
 * run, networks that fit the images, threads, and memory for the worker processes. The data prepared are the dataset's
 * own parts. Throws UsageError saying what does not fit.
 */
export async function checkSearch(plan: Plan, options: CheckOptions = {}): Promise<Prepared> {
  const { run, proxies } = plan.search;
  if (run !== undefined) requireFinishedRun(run);
  chooseSearchWorkers(plan);
  const distils = run === undefined && proxies.includes('distilled');
  const stages = distils ? distillStages : (['evaluate'] as const);
  const prepared = await checkPlan(withoutOwnSettings(plan), { ...options, stages });
  const { train } = searchedParts(plan, prepared.data);
  fittingCandidates(plan.search.space, train.shape, train.classNames.length);
  if (run === undefined) {
    requireEnoughImages(train, plan.distill, { control: proxies.includes('random') });
  }
  await requireMemory(plan, prepared, options);
  return prepared;
}

function requireFinishedRun(run: string): void {
  if (existsSync(join(run, productFolder))) return;
  throw new UsageError(
    `search.run: ${run} holds no distilled set; name the folder of a finished run, or leave it out to have one distilled`,
  );
}

/** Refuses a memory budget that the worker processes do not fit in. */
async function requireMemory(
  plan: Plan,
  { data, memory }: Prepared,
  { onEvent = () => {}, signal }: CheckOptions,
): Promise<void> {
  if (plan.memory === 'auto') return;
  const { workers } = chooseSearchWorkers(plan);
  const { current } = residentMemory();
  const { shape, classNames } = data.train;
  let largest = 0;
  for (const model of mostDemanding(plan, shape, classNames.length)) {
    onEvent({ type: 'measure', work: 'the networks of the search' });
    const { bytes } = await measureStage('evaluate', {
      ...{ data, onEvent, signal, chunks: memory.chunks, pretrains: false, timed: false },
      plan: { ...withoutOwnSettings(plan), student: model },
    });
    largest = Math.max(largest, bytes);
  }
  // A worker takes what this process has just taken.
  const estimate = current + workers * largest;
  if (estimate <= plan.memory * (1 - safetyMargin)) return;
  const megabytes = Math.ceil(estimate / (1 - safetyMargin) / 1e6);
  throw new UsageError(
    `memory: ${formatSize(plan.memory)} do not hold this search: ${workers} networks at once take about ${formatSize(estimate)}. Give ${megabytes}MB or more (--memory ${megabytes}MB), or train fewer at once (search.concurrency).`,
  );
}

/** Of each kind of network the widest and deepest, beside which the others take less. */
function mostDemanding({ search }: Plan, shape: ImageShape, classes: number): ModelOptions[] {
  const { candidates } = fittingCandidates(search.space, shape, classes);
  const ascending = candidates
    .map(({ model }) => model as ConvNetOptions & ModelOptions)
    .sort((a, b) => a.width! - b.width! || Number(a.depth) - Number(b.depth));
  const kinds = ascending.map((model): [string, ModelOptions] => {
    const { norm, activation, pooling } = model;
    return [`${norm} ${activation} ${pooling}`, model];
  });
  // The last of equal keys stays.
  return [...new Map(kinds).values()];
}

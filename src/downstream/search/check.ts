import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parameterBytes } from '../../capacity/activations.js';
import { safetyMargin } from '../../capacity/budget.js';
import { chooseWorkers, type WorkerChoice } from '../../capacity/choose-workers.js';
import { dataSizes } from '../../capacity/data-sizes.js';
import {
  distillStages,
  imageBytes,
  optimizerCopies,
  processBytes,
  workerBytes,
} from '../../capacity/footprint.js';
import { formatSize, UsageError } from '../../core/index.js';
import type { DatasetPair } from '../../data/index.js';
import { decodedPerClass } from '../../distill/index.js';
import { holdOut } from '../../pipeline/hold-out.js';
import {
  type CheckOptions,
  checkPlan,
  type Prepared,
  requireEnoughImages,
} from '../../pipeline/prepare.js';
import { productFolder } from '../../pipeline/run-context.js';
import type { Plan } from '../../plan/plan.js';
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

/** How many candidates are trained at once. */
export function chooseSearchWorkers({ search, threads }: Plan): WorkerChoice {
  const key = 'search.concurrency';
  return chooseWorkers(search.concurrency, { threads, networks: threads, key });
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
  const distils = run === undefined && proxies.includes('ncfm');
  const stages = distils ? distillStages : (['evaluate'] as const);
  const prepared = await checkPlan(withoutOwnSettings(plan), { ...options, stages });
  const { train } = searchedParts(plan, prepared.data);
  fittingCandidates(plan.search.space, train.shape, train.classNames.length);
  if (run === undefined) {
    requireEnoughImages(train, plan.distill, { control: proxies.includes('random') });
  }
  requireMemory(plan, prepared);
  return prepared;
}

function requireFinishedRun(run: string): void {
  if (existsSync(join(run, productFolder))) return;
  throw new UsageError(
    `search.run: ${run} holds no distilled set; name the folder of a finished run, or leave it out to have one distilled`,
  );
}

/** Refuses a memory budget that the worker processes do not fit in. */
function requireMemory(plan: Plan, { data: { train, test }, memory }: Prepared): void {
  if (plan.memory === 'auto') return;
  const { workers } = chooseSearchWorkers(plan);
  const sizes = dataSizes(train, test);
  const { shape, classes } = sizes;
  const { candidates } = fittingCandidates(plan.search.space, shape, classes);
  const { batchSize, optimizer } = plan.evaluate;
  const process = processBytes();
  const images = classes * decodedPerClass(plan.distill.formation, plan.distill.imagesPerClass);
  const pixels = shape.channels * shape.height * shape.width;
  const own = workerBytes({ plan, sizes, process }, images * pixels * 4);
  const training = candidates.map(
    ({ model }) =>
      parameterBytes(model, shape, classes) * (1 + optimizerCopies(optimizer)) +
      Math.max(
        batchSize * imageBytes(model, shape, true),
        memory.chunks.test * imageBytes(model, shape, false),
      ),
  );
  const estimate = process + workers * (own + Math.max(...training));
  if (estimate <= plan.memory * (1 - safetyMargin)) return;
  const megabytes = Math.ceil(estimate / (1 - safetyMargin) / 1e6);
  throw new UsageError(
    `memory: ${formatSize(plan.memory)} do not hold this search: ${workers} networks at once take about ${formatSize(estimate)}. Give ${megabytes}MB or more (--memory ${megabytes}MB), or train fewer at once (search.concurrency).`,
  );
}

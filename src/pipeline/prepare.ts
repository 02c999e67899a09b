import { join } from 'node:path';
import { type MemoryPlan, planMemory } from '../capacity/budget.js';
import { chooseEvaluationWorkers } from '../capacity/choose-workers.js';
import type { Stage } from '../capacity/measure.js';
import { UsageError } from '../core/index.js';
import {
  type Dataset,
  type DatasetPair,
  indicesByClass,
  openDataset,
  whitenedParts,
} from '../data/index.js';
import { checkFormation, type SyntheticImages } from '../distill/index.js';
import { type AnyDistillOptions, methodOf, recordingFor, wantsPool } from '../methods/registry.js';
import { buildModel, type ImageModel, type ModelOptions } from '../models/index.js';
import type { DatasetChoice, Plan } from '../plan/plan.js';
import type { EventSink } from '../run/index.js';
import {
  RandomGenerator,
  recentPeak,
  requireDevice,
  resetPeak,
  setGpuOptions,
  setThreads,
} from '../tensor/index.js';
import { networksReady } from '../train/pool-cache.js';
import { requirePool } from '../train/pretrain.js';
import { epochEnds } from '../train/trajectories.js';
import { importsFor } from '../workers/imports.js';
import { drawOnce } from './draw-once.js';
import { holdOut } from './hold-out.js';

/**
 * The training and the evaluation images of a plan: the dataset's own parts, or, with a validation share, two parts of
 * its training images.
 */
export async function loadParts(
  { validation, whitening, ...selection }: DatasetChoice,
  { cache = '.cache', onEvent = () => {}, signal }: CheckOptions = {},
): Promise<DatasetPair> {
  const onNote = (message: string): void => onEvent({ type: 'data-note', message });
  const pair = await openDataset(selection, {
    cache: join(cache, 'data'),
    onProgress: (progress) => onEvent({ type: 'data-decode', ...progress }),
    onNote,
    onWarning: (message) => onEvent({ type: 'warning', message }),
    signal,
  });
  const { train, skipped } = pair;
  const parts =
    validation === 0 ? pair : { ...holdOut(train, validation), ...(skipped && { skipped }) };
  return await whitenedParts(parts, whitening, { onNote, signal });
}

/** Sets the engine up for a plan and returns the generator that everything random in the run derives from. */
export function startEngine({
  device,
  gpu,
  threads,
  seed,
}: Pick<Plan, 'device' | 'gpu' | 'threads' | 'seed'>): RandomGenerator {
  requireDevice(device);
  if (device !== 'cpu') setGpuOptions(gpu);
  setThreads(threads);
  return new RandomGenerator(seed, device);
}

/**
 * Checks that the dataset has what a distillation will draw from it, before anything long is begun. Throws UsageError
 * naming the class that has too few images.
 *
 * @param control whether as many random real images will be drawn to compare with
 */
export function requireEnoughImages(
  train: Dataset,
  options: AnyDistillOptions,
  { control = false }: { readonly control?: boolean } = {},
): void {
  const { imagesPerClass, formation, initialization } = options;
  checkFormation(formation, train.shape.height, train.shape.width);
  const needs = [...(methodOf(options.method).requirements?.(options, train.shape) ?? [])];
  if (initialization.kind === 'random' || initialization.kind === 'mix') {
    needs.push({ images: imagesPerClass, purpose: 'to start from' });
  }
  if (control) {
    needs.push({ images: imagesPerClass, purpose: 'for the control of random real images' });
  }
  const groups = indicesByClass(train.labels, train.classNames.length);
  for (const [label, { length }] of groups.entries()) {
    const unmet = needs.find(({ images }) => length < images);
    if (unmet === undefined) continue;
    throw new UsageError(
      `${train.name} has ${length} images of class '${train.classNames[label]}', ${unmet.images} are needed ${unmet.purpose}. Use fewer images per class (distill.imagesPerClass) or a smaller formation factor.`,
    );
  }
}

/** Checks that the networks are trained for as long as the method follows them. */
function requireEpochs({ pretrain, distill }: Plan, train: Dataset): void {
  const method = methodOf(distill.method);
  if (method.material !== 'trajectories') return;
  const epochs = epochEnds(pretrain, train.labels.length).length - 1;
  const followed = method.epochs?.(distill) ?? 1;
  if (followed <= epochs) return;
  throw new UsageError(
    `${method.title} follows the networks for ${followed} epochs of their training, which lasts ${epochs}; use a greater pretrain.length, or let it follow them for less`,
  );
}

/** What a run starts from: its data, and how it will work within its memory. */
export interface Prepared {
  readonly data: DatasetPair;
  readonly memory: MemoryPlan;
}

export interface CheckOptions {
  /** The stages that will run; all when left out. */
  readonly stages?: readonly Stage[];
  /** The data, where it is at hand; the plan's is opened when left out. */
  readonly data?: DatasetPair | undefined;
  /** Folder of trained pools and of decoded pictures; no pool is looked for without it. */
  readonly cache?: string;
  readonly onEvent?: EventSink;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Checks, before anything is computed or replaced, that a plan can run here: the device, the data, the number of images
 * per class, networks that fit the images, threads for worker processes, and the memory. Throws UsageError saying what does not fit.
 */
export async function checkPlan(plan: Plan, options: CheckOptions = {}): Promise<Prepared> {
  const { stages, cache, signal, onEvent = () => {} } = options;
  const usesPool =
    stages === undefined || stages.includes('distill') || stages.includes('pretrain');
  if (usesPool && wantsPool(plan.distill)) {
    requirePool(plan.pretrain, recordingFor(plan.distill));
  }
  const random = startEngine(plan);
  if (plan.memory !== 'auto') resetPeak();
  const data = options.data ?? (await loadParts(plan.dataset, options));
  const loading = recentPeak();
  const distils = stages === undefined || stages.includes('distill');
  const control = stages === undefined || stages.includes('evaluate');
  if (control && chooseEvaluationWorkers(plan).workers > 1) {
    importsFor(plan.student, plan.evaluate);
  }
  if (usesPool) requireEpochs(plan, data.train);
  if (distils) requireEnoughImages(data.train, plan.distill, { control });
  const { shape, classNames } = data.train;
  const build = (architecture: ModelOptions): ImageModel =>
    buildModel(architecture, shape, classNames.length, random.derive('check'));
  {
    using network = build(plan.model);
    if (distils) methodOf(plan.distill.method).requireNetwork?.(network, plan.distill);
    using _student = build(plan.student);
  }
  const pretrains =
    wantsPool(plan.distill) &&
    (cache === undefined || missingNetworks(plan, data.train, cache) > 0);
  const draw = (synthetic: SyntheticImages) => drawOnce(synthetic, data.train);
  const request = { plan, data, stages, pretrains, loading, draw, onEvent, signal };
  return { data, memory: await planMemory(request) };
}

/** How many networks of a plan's pool are still to be trained; none where its method wants no pool. The engine must have been started for the plan. */
export function missingNetworks(
  { seed, device, model, pretrain, distill }: Plan,
  train: Dataset,
  cache: string,
): number {
  if (!wantsPool(distill)) return 0;
  const random = new RandomGenerator(seed, device).derive('pretrain');
  const trajectories = recordingFor(distill);
  const request = { train, model, options: pretrain, trajectories, cache, random };
  return pretrain.networks - networksReady(request);
}

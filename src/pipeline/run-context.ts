import { type MemoryPlan, memoryFacts } from '../capacity/budget.js';
import { collectGarbage } from '../core/garbage.js';
import { packageVersion } from '../core/version.js';
import type { Dataset, DatasetPair } from '../data/index.js';
import type { ProcessGroup } from '../distributed/index.js';
import type { MethodInput } from '../methods/method.js';
import { recordingFor } from '../methods/registry.js';
import { buildModel } from '../models/index.js';
import type { Plan } from '../plan/plan.js';
import {
  createManifest,
  type DatasetFacts,
  type EventSink,
  type Phase,
  type RunDirectory,
  requireSameData,
} from '../run/index.js';
import { engine, RandomGenerator, recentPeak, resetPeak } from '../tensor/index.js';
import type { PretrainRequest } from '../train/pretrain-request.js';
import { type CheckOptions, checkPlan, type Prepared, startEngine } from './prepare.js';

export interface PipelineRequest {
  readonly plan: Plan;
  /** Everything the run makes is written here; its configuration is already. */
  readonly directory: RunDirectory;
  /** Folder of trained networks, shared by runs. */
  readonly cache: string;
  /** Go on from a checkpoint of other settings, where the run has one. */
  readonly acceptChanges?: boolean;
  /** What `checkPlan` gave; it is called when this is left out. */
  readonly prepared?: Prepared | undefined;
  /** The processes that do the run together, all of them with the same plan and each with a directory of its own. */
  readonly group?: ProcessGroup | undefined;
  /** The run's own folder, where a group's processes keep the work that each does for all; `directory` when left out. */
  readonly shared?: RunDirectory | undefined;
  readonly onEvent: EventSink;
  readonly signal?: AbortSignal | undefined;
}

/** Wall-clock seconds of the stages that were run. */
export type PhaseSeconds = { readonly [stage in Phase]?: number };

export interface RunContext {
  readonly plan: Plan;
  readonly data: DatasetPair;
  readonly memory: MemoryPlan;
  readonly cache: string;
  readonly random: RandomGenerator;
  readonly group?: ProcessGroup | undefined;
  readonly shared?: RunDirectory | undefined;
  readonly onEvent: EventSink;
  readonly signal?: AbortSignal | undefined;
}

/** Whether this process, of those that do a run together, is the one that writes what comes out. */
export function isFirst({ group }: Pick<RunContext, 'group'>): boolean {
  return group?.isFirst !== false;
}

/** Where a run keeps the images before the first iteration, and its product. */
export const startFolder = 'start';
export const productFolder = 'distilled';

export const checkpointsFolder = 'checkpoints';

/** Where a run keeps the figures of every network that its evaluations have trained. */
export const networksFolder = 'networks';

/** Where a run puts images for worker processes while they work. */
export const scratchFolder = 'scratch';

/** Starts the engine, opens the data and chooses how to work within the memory, unless that has been done. */
export async function begin(
  { plan, cache, prepared, group, shared, onEvent, signal }: Omit<PipelineRequest, 'directory'>,
  stages?: CheckOptions['stages'],
): Promise<RunContext> {
  const options = { ...(stages && { stages }), cache, onEvent, signal };
  const { data, memory } = prepared ?? (await checkPlan(plan, options));
  const random = startEngine(plan);
  return { plan, data, memory, cache, random, group, shared, onEvent, signal };
}

/**
 * The same for a task on a run that has been distilled.
 * @throws UsageError when the data found now isn't the run's.
 */
export async function beginOnRun(
  request: PipelineRequest,
  stages: CheckOptions['stages'],
): Promise<RunContext> {
  const context = await begin(request, stages);
  const { path, root, name } = context.plan.dataset;
  requireSameData(request.directory.path, datasetFacts(context.data), {
    place: path ?? root ?? name!,
    remedy:
      'Put the data back as it was, or name where it is now (--data <path>); dataset.validation must be what it was, too.',
  });
  return context;
}

/** How the pool of a run's extractors is pretrained, or other networks where anything is changed. */
export function pretrainRequest(
  { plan, data, cache, memory, random, group, onEvent, signal }: RunContext,
  changed: Partial<PretrainRequest> = {},
): PretrainRequest {
  return {
    train: data.train,
    test: data.test,
    testAtOnce: memory.chunks.test,
    model: plan.model,
    options: plan.pretrain,
    cache,
    checkpoint: plan.checkpoint,
    trajectories: recordingFor(plan.distill),
    random: random.derive('pretrain'),
    group,
    onEvent,
    signal,
    ...changed,
  };
}

/** Builds networks of the extractors' architecture for a dataset; see `MethodInput`. */
export function extractorBuilder(
  { plan, random }: Pick<RunContext, 'plan' | 'random'>,
  { shape, classNames }: Dataset,
): MethodInput['buildModel'] {
  return (initial = new RandomGenerator(0, random.device)) =>
    buildModel(plan.model, shape, classNames.length, initial);
}

/** What a manifest says of the data: a run that goes on must find the same. */
export function datasetFacts({ train, test, skipped }: DatasetPair): DatasetFacts {
  const { name, normalization } = train;
  const hashes = { train: train.hash, test: test.hash };
  return { name, hashes, normalization, ...(skipped && { skipped }) };
}

export function writeManifest(
  directory: RunDirectory,
  { plan, data, memory }: Pick<RunContext, 'plan' | 'data' | 'memory'>,
): void {
  directory.writeManifest(
    createManifest({
      versions: { ncfm: packageVersion(), libtorch: engine().version },
      threads: plan.threads,
      device: plan.device,
      seed: plan.seed,
      memory: memoryFacts(plan, memory),
      dataset: datasetFacts(data),
    }),
  );
}

/** Runs a phase between the events of its start and its end. */
export async function timed<T>(
  phase: Phase,
  onEvent: EventSink,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly seconds: number }> {
  const started = performance.now();
  onEvent({ type: 'phase-start', phase });
  // What earlier work has left, the loading of the data above all, is of no use for this one.
  await collectGarbage();
  const counted = countsPeakAnew();
  const value = await work();
  const seconds = (performance.now() - started) / 1000;
  onEvent({ type: 'phase-end', phase, seconds, ...(counted && { peak: recentPeak() }) });
  return { value, seconds };
}

/** Gives memory that is kept for reuse back; whether the system counts the peak anew from now on. */
function countsPeakAnew(): boolean {
  try {
    resetPeak();
    return true;
  } catch {
    return false;
  }
}

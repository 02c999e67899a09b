import type { DatasetPair } from '../data/index.js';
import type { ExtractorPool } from '../distill/index.js';
import { buildModel, type ModelOptions } from '../models/index.js';
import {
  combine,
  createManifest,
  type EventSink,
  type Phase,
  type RunDirectory,
} from '../run/index.js';
import { packageVersion } from '../run/version.js';
import { engine, RandomGenerator } from '../tensor/index.js';
import { Album, drawAccuracies } from './album.js';
import { type MemoryPlan, type MemoryReport, memoryFacts, memoryReport } from './budget.js';
import { type Comparison, compare } from './compare.js';
import { distill } from './distill.js';
import type { EvaluateOptions } from './evaluate.js';
import { distillStages } from './footprint.js';
import type { Plan } from './plan.js';
import { type CheckOptions, checkPlan, type Prepared, startEngine } from './prepare.js';
import { pretrain } from './pretrain.js';
import { decodeStored, saveDistilled } from './product.js';

export interface PipelineRequest {
  readonly plan: Plan;
  /** Everything the run makes is written here; its configuration is already. */
  readonly directory: RunDirectory;
  /** Folder of trained pools, shared by runs. */
  readonly cache: string;
  /** What `checkPlan` gave; it is called when this is left out. */
  readonly prepared?: Prepared | undefined;
  readonly onEvent: EventSink;
  readonly signal?: AbortSignal | undefined;
}

/** Wall-clock seconds of the stages that were run. */
export type PhaseSeconds = { readonly [stage in Phase]?: number };

export interface PipelineResult {
  readonly dataset: string;
  readonly imagesPerClass: number;
  /** Accuracies in percent on the test images, or on the held-out ones when the plan holds some out. */
  readonly evaluatedOn: 'test' | 'validation';
  readonly accuracy: Comparison;
  /** How the networks were trained: their architecture, and the settings of the evaluation. */
  readonly protocol: { readonly student: ModelOptions } & EvaluateOptions;
  readonly seconds: PhaseSeconds;
  readonly memory: MemoryReport;
  /** The run directory. */
  readonly directory: string;
}

/** What all stages share. */
interface Stage {
  readonly plan: Plan;
  readonly data: DatasetPair;
  readonly memory: MemoryPlan;
  readonly random: RandomGenerator;
  readonly onEvent: EventSink;
  readonly signal?: AbortSignal | undefined;
}

/** The whole chain: pretrain the pool (or reuse it), distil, evaluate beside the controls. */
export async function runPipeline(request: PipelineRequest): Promise<PipelineResult> {
  const started = performance.now();
  const stage = await begin(request);
  writeManifest(request.directory, stage);
  const { directory, onEvent } = request;
  const seconds = await pretrainAndDistill(request, stage);
  const evaluated = await timed('evaluate', onEvent, () => compareStored(directory, stage));
  const result = resultOf(stage, directory.path, evaluated.value, {
    ...seconds,
    evaluate: evaluated.seconds,
  });
  report(directory, result, onEvent);
  onEvent({ type: 'run-end', seconds: (performance.now() - started) / 1000 });
  return result;
}

/** Only the pool: trains what the cache lacks of it. */
export async function pretrainOnly(
  request: Omit<PipelineRequest, 'directory'>,
): Promise<{ networks: number; seconds: number; memory: MemoryReport }> {
  const { plan, cache, onEvent } = request;
  const stage = await begin(request, ['pretrain']);
  const { value: pool, seconds } = await timed('pretrain', onEvent, () =>
    pretrainPool(stage, cache),
  );
  pool.dispose();
  const memory = memoryReport(plan, stage.memory, onEvent);
  return { networks: plan.pretrain.networks, seconds, memory };
}

/** Pretrains (or reuses the pool) and distils, without evaluating. */
export async function distillOnly(
  request: PipelineRequest,
): Promise<{ directory: string; seconds: PhaseSeconds; memory: MemoryReport }> {
  const stage = await begin(request, distillStages);
  writeManifest(request.directory, stage);
  const seconds = await pretrainAndDistill(request, stage);
  const { plan, directory, onEvent } = request;
  const memory = memoryReport(plan, stage.memory, onEvent);
  return { directory: directory.path, seconds, memory };
}

/** The pool is released before anything else is begun. */
async function pretrainAndDistill(
  { directory, cache, onEvent }: PipelineRequest,
  stage: Stage,
): Promise<PhaseSeconds> {
  const pretrained = await timed('pretrain', onEvent, () => pretrainPool(stage, cache));
  using pool = pretrained.value;
  const distilled = await timed('distill', onEvent, () => distilInto(directory, stage, pool));
  return { pretrain: pretrained.seconds, distill: distilled.seconds };
}

/** Evaluates the distilled set of a finished run again, beside its controls; `results.json` is replaced. */
export async function evaluateRun(
  request: Omit<PipelineRequest, 'cache'>,
): Promise<PipelineResult> {
  const { directory, onEvent } = request;
  const stage = await begin(request, ['evaluate']);
  const { value, seconds } = await timed('evaluate', onEvent, () =>
    compareStored(directory, stage),
  );
  const result = resultOf(stage, directory.path, value, { evaluate: seconds });
  report(directory, result, onEvent);
  return result;
}

async function begin(
  {
    plan,
    cache,
    prepared,
    onEvent,
    signal,
  }: Partial<PipelineRequest> & Pick<PipelineRequest, 'plan' | 'onEvent'>,
  stages?: CheckOptions['stages'],
): Promise<Stage> {
  const options = { ...(stages && { stages }), ...(cache !== undefined && { cache }) };
  const { data, memory } = prepared ?? (await checkPlan(plan, { ...options, onEvent, signal }));
  return { plan, data, memory, random: startEngine(plan), onEvent, signal };
}

function writeManifest(directory: RunDirectory, { plan, data, memory }: Stage): void {
  directory.writeManifest(
    createManifest({
      versions: { ncfm: packageVersion(), libtorch: engine().version },
      threads: plan.threads,
      device: plan.device,
      seed: plan.seed,
      memory: memoryFacts(plan, memory),
      dataset: { name: data.train.name, hashes: { train: data.train.hash, test: data.test.hash } },
    }),
  );
}

function pretrainPool(
  { plan, data, memory, random, onEvent, signal }: Stage,
  cache: string,
): Promise<ExtractorPool> {
  return pretrain({
    train: data.train,
    test: data.test,
    testAtOnce: memory.chunks.test,
    model: plan.model,
    options: plan.pretrain,
    cache,
    random: random.derive('pretrain'),
    onEvent,
    signal,
  });
}

/** Where a run keeps the images before the first iteration, and its product. */
const startFolder = 'start';
const productFolder = 'distilled';

/** Distils; pictures, the loss curve, the start and the product are written into the run directory. */
async function distilInto(
  directory: RunDirectory,
  stage: Stage,
  pool: ExtractorPool,
): Promise<void> {
  const { plan, data, random, onEvent, signal } = stage;
  const album = new Album(directory, data.train, plan);
  const { shape, classNames } = data.train;
  using synthetic = await distill({
    train: data.train,
    pool,
    buildModel: () =>
      buildModel(plan.model, shape, classNames.length, new RandomGenerator(0, random.device)),
    options: plan.distill,
    chunks: stage.memory.chunks,
    random: random.derive('distill'),
    onEvent: combine(onEvent, album.sink),
    signal,
    onImages: async (iteration, images) => {
      if (iteration === 0) saveDistilled(directory.pathOf(startFolder), images, data.train);
      const picture = await album.snapshot(iteration, images);
      if (picture !== undefined) onEvent({ type: 'snapshot', iteration, path: picture });
    },
  });
  saveDistilled(directory.pathOf(productFolder), synthetic, data.train);
  await album.finish();
}

async function compareStored(directory: RunDirectory, stage: Stage): Promise<Comparison> {
  const { plan, data, random } = stage;
  const { imagesPerClass } = plan.distill;
  const expected = { train: data.train, imagesPerClass, device: random.device };
  using start = decodeStored(directory.pathOf(startFolder), expected);
  using distilled = decodeStored(directory.pathOf(productFolder), expected);
  return await compare({
    ...stage,
    start,
    distilled,
    testAtOnce: stage.memory.chunks.test,
  });
}

async function timed<T>(
  phase: Phase,
  onEvent: EventSink,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly seconds: number }> {
  const started = performance.now();
  onEvent({ type: 'phase-start', phase });
  const value = await work();
  const seconds = (performance.now() - started) / 1000;
  onEvent({ type: 'phase-end', phase, seconds });
  return { value, seconds };
}

function resultOf(
  { plan, data, memory, onEvent }: Stage,
  directory: string,
  accuracy: Comparison,
  seconds: PhaseSeconds,
): PipelineResult {
  return {
    dataset: data.train.name,
    imagesPerClass: plan.distill.imagesPerClass,
    evaluatedOn: plan.dataset.validation > 0 ? 'validation' : 'test',
    accuracy,
    protocol: { student: plan.student, ...plan.evaluate },
    seconds,
    memory: memoryReport(plan, memory, onEvent),
    directory,
  };
}

/** Stores and draws the result, and says so when the distilled set is no better than a control. */
function report(directory: RunDirectory, result: PipelineResult, onEvent: EventSink): void {
  const { random, start, ncfm } = result.accuracy;
  drawAccuracies(directory, result.accuracy);
  directory.writeResults(result);
  const controls = { 'random real images': random, 'its unoptimised start': start };
  for (const [name, control] of Object.entries(controls)) {
    if (ncfm.mean > control.mean) continue;
    onEvent({
      type: 'warning',
      message: `the distilled set is no better than ${name} (${ncfm.mean.toFixed(2)} against ${control.mean.toFixed(2)} %); try more iterations, another learning rate, or formation factor 1`,
    });
  }
}

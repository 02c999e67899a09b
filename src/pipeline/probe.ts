import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { perClass } from '../capacity/footprint.js';
import { yieldToEvents } from '../core/event-loop.js';
import { type Dataset, indicesByClass } from '../data/index.js';
import { initializeSynthetic, labelsByClass, type SyntheticImages } from '../distill/index.js';
import { Condenser, type NcfmOptions, stratify } from '../methods/index.js';
import { buildModel, type ImageModel, type ModelOptions } from '../models/index.js';
import type { Plan } from '../plan/plan.js';
import { writeImageGrid } from '../report/index.js';
import type { EventSink } from '../run/index.js';
import { noGrad, RandomGenerator, scope, type Tensor } from '../tensor/index.js';
import { ExtractorPool } from '../train/index.js';
import { classifyBatch } from '../train/test-network.js';
import {
  datasetSource,
  Training,
  type TrainingSource,
  type TrainOptions,
  tensorSource,
} from '../train/train.js';
import type { Prepared } from './prepare.js';

export interface ProbeRequest {
  readonly plan: Plan;
  readonly prepared: Prepared;
  /** Whether networks are still to be pretrained. */
  readonly pretrains: boolean;
  readonly onEvent: EventSink;
  readonly signal?: AbortSignal | undefined;
}

/** Seconds that pieces of a plan's work take on this machine. */
export interface ProbedSeconds {
  /** A step of pretraining; 0 when there is none. */
  readonly pretrainStep: number;
  /** Classifying one image without gradient, by an extractor and by a student. */
  readonly extractorImage: number;
  readonly studentImage: number;
  /** Halving all clusters of a class once; 0 without clusters. */
  readonly halving: number;
  /** Making the images' start and the networks that distil. */
  readonly beginning: number;
  /** An iteration that draws a new target, and one that goes on with the last. */
  readonly drawingIteration: number;
  readonly iteration: number;
  /** Drawing the images, for the first time and later. */
  readonly firstPicture: number;
  readonly picture: number;
  readonly evaluateStep: number;
}

export interface Probed {
  readonly seconds: ProbedSeconds;
  /** Bytes of one picture of the images. */
  readonly pictureBytes: number;
}

/** After this many seconds, or this many repetitions, a piece of work has been timed long enough. */
const longEnough = { seconds: 1.5, repetitions: 40 };

/** Times each kind of work that a plan consists of, in the plan's own sizes, with networks that are not trained. */
export async function probe(request: ProbeRequest): Promise<Probed> {
  const { plan, prepared, onEvent } = request;
  const { train } = prepared.data;
  const random = new RandomGenerator(plan.seed, plan.device).derive('probe');
  using extractor = build(plan.model, train, random);
  using student = build(plan.student, train, random);
  onEvent({ type: 'probe', work: 'pretraining' });
  const pretrainStep = request.pretrains ? await pretrainSeconds(request, extractor, random) : 0;
  const extractorImage = await testSeconds(request, extractor);
  onEvent({ type: 'probe', work: 'distilling' });
  const halving =
    (plan.distill as NcfmOptions).matching.strategy === 'stratified'
      ? await halvingSeconds(request, extractor, random)
      : 0;
  const began = performance.now();
  using synthetic = initializeSynthetic(train, { ...plan.distill, random });
  const iterations = await iterationSeconds(request, synthetic, random, began);
  const pictures = await pictureCosts(request, synthetic);
  onEvent({ type: 'probe', work: 'evaluating' });
  const evaluateStep = await evaluateSeconds(request, student, synthetic, random);
  const studentImage = await testSeconds(request, student);
  const { bytes: pictureBytes, ...pictureSeconds } = pictures;
  const own = { pretrainStep, extractorImage, halving, evaluateStep, studentImage };
  return { seconds: { ...own, ...iterations, ...pictureSeconds }, pictureBytes };
}

function build(model: ModelOptions, { shape, classNames }: Dataset, random: RandomGenerator) {
  return buildModel(model, shape, classNames.length, random);
}

/**
 * The median duration of `work` in seconds, after one call that warms up. At least one call is timed, and more until
 * that was long enough.
 */
async function repeat(work: () => void, signal: AbortSignal | undefined): Promise<number> {
  const durations: number[] = [];
  const started = performance.now();
  for (let call = 0; call <= longEnough.repetitions; call++) {
    const before = performance.now();
    work();
    await yieldToEvents(signal);
    if (call > 0) durations.push((performance.now() - before) / 1000);
    if (call > 0 && performance.now() - started > 1000 * longEnough.seconds) break;
  }
  return median(durations);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function pretrainSeconds(
  { plan, prepared, signal }: ProbeRequest,
  model: ImageModel,
  random: RandomGenerator,
): Promise<number> {
  const source = datasetSource(prepared.data.train, random.device);
  return trainSeconds(model, source, { ...plan.pretrain, cutMix: 0 }, random, signal);
}

async function evaluateSeconds(
  { plan, prepared, signal }: ProbeRequest,
  model: ImageModel,
  synthetic: SyntheticImages,
  random: RandomGenerator,
): Promise<number> {
  const { classes, decodedPerClass } = synthetic;
  // A clone, because the images may be their own decoding.
  using images = scope(() => noGrad(() => synthetic.decode().clone()));
  using labels = labelsByClass(classes, decodedPerClass, random.device);
  const source = tensorSource({ images, labels }, prepared.data.train.normalization);
  return await trainSeconds(model, source, plan.evaluate, random, signal);
}

async function trainSeconds(
  model: ImageModel,
  source: TrainingSource,
  options: TrainOptions,
  random: RandomGenerator,
  signal: AbortSignal | undefined,
): Promise<number> {
  const steps = longEnough.repetitions + 1;
  using training = new Training({ model, source, steps, options, random });
  return await repeat(() => training.step(), signal);
}

/** Seconds for each image when a network is tested in the plan's chunks. */
async function testSeconds(
  { plan, prepared, signal }: ProbeRequest,
  model: ImageModel,
): Promise<number> {
  const source = datasetSource(prepared.data.test, plan.device);
  const count = Math.min(prepared.memory.chunks.test, source.size);
  const positions = Int32Array.from({ length: count }, (_, index) => index);
  const classify = (images: Tensor): Tensor => model.logits(images).logSoftmax(1);
  return (await repeat(() => void classifyBatch(classify, source, positions), signal)) / count;
}

/** Cuts random features of a class of the mean size in two; every further halving of the halves takes as long. */
async function halvingSeconds(
  { prepared, signal }: ProbeRequest,
  { featureDimension }: ImageModel,
  random: RandomGenerator,
): Promise<number> {
  const { labels, classNames } = prepared.data.train;
  const rows = Int32Array.from(
    { length: Math.ceil(labels.length / classNames.length) },
    (_, i) => i,
  );
  using features = random.normal([rows.length, featureDimension]);
  return await repeat(() => scope(() => void stratify(features, rows, 2, random)), signal);
}

/** Iterations that draw a target take turns with others that do not, where the plan has both. */
async function iterationSeconds(
  { plan, prepared, signal }: ProbeRequest,
  synthetic: SyntheticImages,
  random: RandomGenerator,
  began: number,
): Promise<Pick<ProbedSeconds, 'beginning' | 'drawingIteration' | 'iteration'>> {
  const { train } = prepared.data;
  using pool = new ExtractorPool([
    {
      initial: build(plan.model, train, random).state(),
      trained: build(plan.model, train, random).state(),
    },
  ]);
  using condenser = new Condenser({
    dataset: train,
    synthetic,
    pool,
    buildModel: () => build(plan.model, train, random),
    ...((plan.distill as NcfmOptions).matching.strategy === 'stratified' && {
      clusters: evenClusters(plan, train),
    }),
    options: {
      ...(plan.distill as NcfmOptions),
      amortize: Math.min(2, (plan.distill as NcfmOptions).amortize),
    },
    chunks: prepared.memory.chunks,
    random,
  });
  const beginning = (performance.now() - began) / 1000;
  const step = () => void condenser.step();
  if ((plan.distill as NcfmOptions).amortize === 1) {
    const seconds = await repeat(step, signal);
    return { beginning, drawingIteration: seconds, iteration: seconds };
  }
  const alternating: number[][] = [[], []];
  const started = performance.now();
  for (let call = 0; call < longEnough.repetitions; call++) {
    const before = performance.now();
    step();
    await yieldToEvents(signal);
    if (call > 1) alternating[call % 2]!.push((performance.now() - before) / 1000);
    if (call > 2 && performance.now() - started > 1000 * longEnough.seconds) break;
  }
  const [drawing, other] = alternating.map(median);
  return { beginning, drawingIteration: drawing!, iteration: other! };
}

/** Clusters of the size that the real ones will have, of whatever images. */
function evenClusters(plan: Plan, { labels, classNames }: Dataset): Int32Array[] {
  const { decoded } = perClass(plan);
  return indicesByClass(labels, classNames.length).flatMap((members) => {
    const cut = (part: number): number => Math.round((members.length * part) / decoded);
    return Array.from({ length: decoded }, (_, part) => members.subarray(cut(part), cut(part + 1)));
  });
}

async function pictureCosts({ plan, prepared }: ProbeRequest, { images }: SyntheticImages) {
  const { shape, classNames } = prepared.data.train;
  const folder = mkdtempSync(join(tmpdir(), 'ncfm-plan-'));
  const path = join(folder, 'picture.png');
  const draw = async (): Promise<number> => {
    const started = performance.now();
    await writeImageGrid({
      shape,
      pixels: images.toFloat32Array(),
      columns: plan.distill.imagesPerClass,
      rowLabels: classNames,
      caption: 'iteration 0',
      path,
    });
    return (performance.now() - started) / 1000;
  };
  try {
    const firstPicture = await draw();
    const picture = await draw();
    return { firstPicture, picture, bytes: statSync(path).size };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

import { type Dataset, type DatasetPair, indicesByClass, subset } from '../data/index.js';
import type { TaskChunks } from '../distill/chunks.js';
import {
  decodedPerClass,
  initializeSynthetic,
  labelsByClass,
  type SyntheticImages,
} from '../distill/index.js';
import { labelImages, softTargets, Teacher, trainingSteps } from '../evaluate/index.js';
import { methodOf, recordingFor, wantsPool } from '../methods/registry.js';
import { buildModel, type ImageModel, type ModelOptions } from '../models/index.js';
import type { Plan } from '../plan/plan.js';
import type { EventSink } from '../run/index.js';
import { noGrad, type RandomGenerator, scope, type Tensor, zeros } from '../tensor/index.js';
import { ExtractorPool, type Recording, recordedSteps, type Trajectories } from '../train/index.js';
import { pretrainSteps } from '../train/pretrain.js';
import { classifyBatch } from '../train/test-network.js';
import { datasetSource, Training, tensorSource } from '../train/train.js';
import { stepSeconds } from './step-seconds.js';

/** What is measured: a little of each stage of a plan, with its own networks, images and options. */
export interface Measured {
  readonly plan: Plan;
  /** The test images may be missing: nothing is tested then. */
  readonly data: Pick<DatasetPair, 'train'> & Partial<Pick<DatasetPair, 'test'>>;
  /** Whether networks of the pool are still to be trained. */
  readonly pretrains: boolean;
  /** Draws the images as a run does. */
  readonly draw?: ((synthetic: SyntheticImages) => Promise<unknown>) | undefined;
  readonly onEvent: EventSink;
  readonly signal?: AbortSignal | undefined;
}

/** A stage's work in some chunks. */
export interface StageWork extends Measured {
  readonly chunks: TaskChunks;
  /** Whether work is repeated until its time is known; otherwise the seconds say little. */
  readonly timed: boolean;
  /** Derived for measuring alone: nothing that a run draws depends on it. */
  readonly random: RandomGenerator;
}

export interface StageSeconds {
  readonly seconds: number;
  /** Of them those that its length is nothing to: a distillation's start, the test of a network. */
  readonly fixed: number;
}

/** Trains an extractor for some steps and tests it; the seconds of one network's training and test. */
export async function pretrainOnce(work: StageWork): Promise<StageSeconds> {
  if (!wantsPool(work.plan.distill)) return nothing;
  const trained = work.pretrains ? await trainExtractor(work) : nothing;
  untrainedPool(work).dispose();
  return trained;
}

const nothing: StageSeconds = { seconds: 0, fixed: 0 };

async function trainExtractor(work: StageWork): Promise<StageSeconds> {
  const { plan, data, random } = work;
  using model = build(work, plan.model);
  // What the network was before its training is kept with it.
  using _initial = build(work, plan.model);
  const steps = pretrainSteps({ train: data.train, options: plan.pretrain });
  const source = datasetSource(data.train, random.device);
  const options = { ...plan.pretrain, cutMix: 0 };
  using training = new Training({ model, source, steps, options, random });
  const [step] = await stepSeconds(() => training.step(), work);
  const fixed = await testSeconds(work, model);
  return { seconds: steps * step! + fixed, fixed };
}

/** Enough for what a start does beside the training of its network, whose seconds are measured by themselves. */
const briefly = { length: { steps: 20 } };

/** Starts a distillation and does some iterations; the seconds of the start and of all iterations. */
export async function distillOnce(work: StageWork): Promise<StageSeconds> {
  const { plan, data, draw, timed } = work;
  using pool = wantsPool(plan.distill) ? untrainedPool(work) : undefined;
  const method = methodOf(plan.distill.method);
  const { options, counts } = method.kinds?.(plan.distill) ?? {
    options: plan.distill,
    counts: [plan.distill.iterations],
  };
  const buildExtractor = (random = work.random) => build({ ...work, random }, plan.model);
  const start = async (dataset: Dataset) => {
    const before = performance.now();
    const pretrain = { ...plan.pretrain, ...briefly };
    const input = { ...work, dataset, options, pool, buildModel: buildExtractor, pretrain };
    const distiller = await method.start(input);
    const seconds = (performance.now() - before) / 1000;
    const dispose = (): void => {
      distiller[Symbol.dispose]();
      distiller.synthetic.dispose();
    };
    return { distiller, seconds, images: dataset.labels.length, [Symbol.dispose]: dispose };
  };
  const { few, more } = samples(plan, data.train);
  if (timed) (await start(few))[Symbol.dispose]();
  const short = timed ? await start(few) : undefined;
  short?.[Symbol.dispose]();
  using long = await start(more);
  const { distiller } = long;
  await draw?.(distiller.synthetic);
  const each = await stepSeconds(() => distiller.step(), { ...work, kinds: counts.length });
  await draw?.(distiller.synthetic);
  const iterations = counts.reduce((sum, count, kind) => sum + count * each[kind]!, 0);
  const training = method.material === 'training' ? await trainExtractor(work) : nothing;
  const before = training.seconds + startSeconds(short ?? long, long, data.train.labels.length);
  return { seconds: before + iterations, fixed: before };
}

/** Trains a network on synthetic images for some steps and tests it; the seconds of one network's training and test. */
export async function evaluateOnce(work: StageWork): Promise<StageSeconds> {
  const { plan, data, chunks, random, signal } = work;
  const { evaluate, distill, student } = plan;
  const { normalization } = data.train;
  const { imagesPerClass, formation } = distill;
  const noise = { imagesPerClass, formation, initialization: { kind: 'noise' }, random } as const;
  using synthetic = initializeSynthetic(data.train, noise);
  const { classes, decodedPerClass } = synthetic;
  // A clone, because the images may be their own decoding.
  using images = scope(() => noGrad(() => synthetic.decode().clone()));
  // The start, and random real images for each network.
  const controls = images.size(0) + classes * imagesPerClass * evaluate.seeds;
  using _controls = zeros([controls, ...images.shape.slice(1)], { device: random.device });
  using labels = labelsByClass(classes, decodedPerClass, random.device);
  using teacher = untrainedTeacher(work);
  const options = evaluate.labels;
  const given = { images, labels };
  using probabilities =
    teacher && options.mode === 'static'
      ? await labelImages({
          ...{ teacher, data: given, normalization, options, signal },
          imagesAtOnce: chunks.test,
        })
      : undefined;
  const steps = trainingSteps(evaluate, images.size(0));
  using model = build(work, student);
  using training = new Training({
    model,
    source: tensorSource({ ...given, ...(probabilities && { probabilities }) }, normalization),
    steps,
    options: evaluate,
    softTargets: options.mode === 'hard' ? undefined : softTargets(options, teacher, steps),
    random,
  });
  const [step] = await stepSeconds(() => training.step(), work);
  const fixed = await testSeconds(work, model);
  return { seconds: steps * step! + fixed, fixed };
}

/**
 * Seconds of the start with so many images, from those with a few and with more: what a start does for each image (it may
 * look at all, to split classes into clusters) is in their difference.
 */
export function startSeconds(few: Start, more: Start, images: number): number {
  const others = images - more.images;
  const each = (more.seconds - few.seconds) / Math.max(1, more.images - few.images);
  return more.seconds + others * Math.max(0, each);
}

interface Start {
  readonly seconds: number;
  readonly images: number;
}

/** As few images of each class as a start may need; and the same with the largest class whole. */
function samples({ distill }: Plan, train: Dataset): { few: Dataset; more: Dataset } {
  const { method, formation, imagesPerClass } = distill;
  const required = methodOf(method).requirements?.(distill, train.shape) ?? [];
  const needed = Math.max(
    imagesPerClass,
    decodedPerClass(formation, imagesPerClass),
    ...required.map(({ images }) => images),
  );
  const groups = indicesByClass(train.labels, train.classNames.length);
  const largest = Math.max(...groups.map(({ length }) => length));
  const whole = groups.findIndex(({ length }) => length === largest);
  const cut = (limit: (label: number) => number): Dataset => {
    const chosen = groups.flatMap((group, label) => [...group.subarray(0, limit(label))]);
    return subset(train, chosen, 'sample');
  };
  return {
    few: cut(() => needed),
    more: cut((label) => (label === whole ? largest : needed)),
  };
}

async function testSeconds(
  { plan, data: { test }, chunks, timed, signal }: StageWork,
  model: ImageModel,
): Promise<number> {
  if (test === undefined) return 0;
  const source = datasetSource(test, plan.device);
  const count = Math.min(chunks.test, source.size);
  const positions = Int32Array.from({ length: count }, (_, index) => index);
  const classify = (images: Tensor): Tensor => model.logits(images).logSoftmax(1);
  const pass = () => classifyBatch(classify, source, positions);
  const [seconds] = await stepSeconds(pass, { timed, signal });
  return (seconds! * source.size) / count;
}

function build({ data: { train }, random }: StageWork, model: ModelOptions): ImageModel {
  return buildModel(model, train.shape, train.classNames.length, random);
}

/** As large as the plan's. */
function untrainedPool(work: StageWork): ExtractorPool {
  const { distill, model, pretrain } = work.plan;
  const state = () => build(work, model).setRequiresGrad(false).state();
  const pairs = Array.from({ length: pretrain.networks }, () => ({
    initial: state(),
    trained: state(),
  }));
  const recording = recordingFor(distill);
  return new ExtractorPool(pairs, recording && untrainedTrajectories(work, recording));
}

/** As long as the plan's, of small random parameters. */
function untrainedTrajectories(work: StageWork, recording: Recording): Trajectories {
  const { data, plan, random } = work;
  using network = build(work, plan.model);
  const parameters = network.parameters().reduce((sum, { length }) => sum + length, 0);
  return {
    experts: plan.pretrain.networks,
    parts: recordedSteps(plan.pretrain, data.train.labels.length, recording).length - 1,
    hash: 'untrained',
    row: () => scope(() => random.normal([parameters]).mul(0.01)),
  };
}

/** Of as many networks as give a plan's soft labels, if it has any. */
function untrainedTeacher(work: StageWork): Teacher | undefined {
  const { model, student, pretrain, evaluate } = work.plan;
  if (evaluate.labels.mode === 'hard') return undefined;
  const { teacher } = evaluate.labels;
  const taught = teacher.kind === 'pool' ? model : (teacher.model ?? student);
  const asked = teacher.kind === 'file' ? 1 : teacher.networks;
  const length = asked === 'all' ? pretrain.networks : asked;
  return new Teacher(Array.from({ length }, () => build(work, taught).setRequiresGrad(false)));
}

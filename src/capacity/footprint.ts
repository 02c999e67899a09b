import type { TaskChunks } from '../distill/chunks.js';
import { decodedPerClass } from '../distill/index.js';
import { methodOf, type NcfmOptions, usualWidth } from '../methods/index.js';
import type { OptimizerOptions } from '../nn/index.js';
import type { Plan } from '../plan/plan.js';
import { residentMemory } from '../tensor/index.js';
import {
  activationBytes,
  featureDimension,
  float,
  operatorMemory,
  parameterBytes,
  processMemory,
} from './activations.js';
import { chooseEvaluationWorkers } from './choose-workers.js';
import { type DataSizes, dataBytes } from './data-sizes.js';

/** The stages of a run whose memory is estimated, in order. */
export const stages = ['pretrain', 'clusters', 'distill', 'evaluate'] as const;
/** Those of a distillation without evaluation. */
export const distillStages = ['pretrain', 'clusters', 'distill'] as const;
export type Stage = (typeof stages)[number];

/** Something a stage does again and again; what it takes is free again afterwards. */
export interface Pass {
  readonly name: string;
  readonly bytes: number;
  /** The chunk that its size depends on. */
  readonly chunk?: keyof TaskChunks;
}

/** What a stage of a run takes. */
export interface StageFootprint {
  readonly stage: Stage;
  /** Bytes the process holds from the stage's beginning to its end: itself, the data, networks, optimisers. */
  readonly held: number;
  /** One at a time. */
  readonly passes: readonly Pass[];
}

/** What a footprint is estimated from. */
export interface Workload {
  readonly plan: Plan;
  readonly sizes: DataSizes;
  /** Which stages will run; all when left out. */
  readonly stages?: readonly Stage[] | undefined;
  /** Whether the whole pool is in the cache already, so that nothing is trained for it. */
  readonly poolReady?: boolean | undefined;
  /** Bytes that the process holds when it begins; see `processBytes`. */
  readonly process: number;
  /** Whether the data were in memory then. */
  readonly dataLoaded?: boolean | undefined;
}

/** Bytes this process holds now and will once its operators have been used: asked before anything large is made. */
export function processBytes(): number {
  return residentMemory().current + processMemory.warm;
}

/** The most that a stage holds at once, in bytes. */
export function stageBytes({ held, passes }: StageFootprint): number {
  return held + Math.max(0, ...passes.map(({ bytes }) => bytes));
}

/** Estimates, per stage that will run, the bytes that the process holds when it works in these chunks. */
export function footprint(workload: Workload, asked: TaskChunks): StageFootprint[] {
  const { plan, sizes } = workload;
  const chunks = {
    ...asked,
    synthetic: Math.min(asked.synthetic, sizes.classes),
    test: Math.min(asked.test, sizes.testImages),
  };
  const chosen = workload.stages ?? stages;
  const loaded = workload.dataLoaded ? 0 : processMemory.loading * dataBytes(sizes);
  const shared = workload.process + loaded;
  const clustered = (plan.distill as NcfmOptions).matching?.strategy === 'stratified';
  return chosen
    .filter((stage) => stage !== 'clusters' || clustered)
    .map((stage) => {
      const { held, passes } = estimators[stage](workload, chunks);
      const allocated = (bytes: number): number => bytes * (1 + processMemory.spare);
      return {
        stage,
        held: shared + allocated(held),
        passes: passes.map((pass) => ({ ...pass, bytes: allocated(pass.bytes) })),
      };
    });
}

type Estimate = Pick<StageFootprint, 'held' | 'passes'>;

const estimators: Record<Stage, (workload: Workload, chunks: TaskChunks) => Estimate> = {
  pretrain: pretrainFootprint,
  clusters: clustersFootprint,
  distill: distillFootprint,
  evaluate: evaluateFootprint,
};

function pretrainFootprint(
  { plan, sizes, poolReady = false }: Workload,
  chunks: TaskChunks,
): Estimate {
  const { shape, classes } = sizes;
  const network = parameterBytes(plan.model, shape, classes);
  const loading = { name: 'the pool of networks', bytes: 2 * poolBytes(plan, sizes) };
  if (poolReady) return { held: 0, passes: [loading] };
  const { batchSize, optimizer } = plan.pretrain;
  const trained = network * (2 + optimizerCopies(optimizer));
  return {
    held: 0,
    passes: [
      loading,
      {
        name: 'a training batch',
        bytes: trained + batchSize * imageBytes(plan.model, shape, true),
      },
      testPass(plan.model, shape, chunks, trained),
    ],
  };
}

function clustersFootprint({ plan, sizes }: Workload, chunks: TaskChunks): Estimate {
  const features = sizes.largestClass * featureDimension(plan.model, sizes.shape) * float;
  return {
    held:
      poolBytes(plan, sizes) + parameterBytes(plan.model, sizes.shape, sizes.classes) + features,
    passes: [
      {
        name: 'real images',
        bytes: chunks.real * imageBytes(plan.model, sizes.shape, false),
        chunk: 'real',
      },
      { name: 'the features of a class', bytes: 1.5 * features },
    ],
  };
}

function distillFootprint({ plan, sizes }: Workload, chunks: TaskChunks): Estimate {
  const { shape, classes } = sizes;
  const { model } = plan;
  const distill = { fineTuning: { kind: 'none' }, ...plan.distill } as NcfmOptions;
  const network = parameterBytes(model, shape, classes);
  const dimension = featureDimension(model, shape);
  const { realPerClass, decoded } = perClass(plan);
  const features = realPerClass * classes * dimension * float;
  const stored = distill.imagesPerClass * classes * pixels(sizes) * float;
  const fineTuned = distill.fineTuning.kind !== 'none';
  const copies = optimizerCopies(distill.optimizer);
  // A step of its own is taken back, with the images' optimiser, where the second fails.
  const kept = distill.fineTuning.kind === 'step' ? copies : 0;
  const learned = samplingNetworkBytes(plan, dimension);
  return {
    held:
      poolBytes(plan, sizes) +
      network * (fineTuned ? 2 : 1) +
      features +
      stored * (3 + copies + kept) +
      frequencyBytes(plan, dimension) +
      learned.held,
    passes: [
      {
        name: 'real images',
        bytes: Math.min(chunks.real, realPerClass * classes) * imageBytes(model, shape, false),
        chunk: 'real',
      },
      {
        name: 'synthetic images',
        bytes:
          chunks.synthetic * decoded * imageBytes(model, shape, true) +
          operatorMemory.projectionTiles,
        chunk: 'synthetic',
      },
      { name: 'the sampling network', bytes: learned.step },
    ],
  };
}

function evaluateFootprint(workload: Workload, chunks: TaskChunks): Estimate {
  const { plan, sizes } = workload;
  const { shape, classes } = sizes;
  const image = pixels(sizes) * float * classes;
  const { decoded } = perClass(plan);
  const { seeds, batchSize, optimizer } = plan.evaluate;
  const network = parameterBytes(plan.student, shape, classes) * (1 + optimizerCopies(optimizer));
  const teacher = teacherFootprint(plan, sizes, chunks);
  const { workers } = chooseEvaluationWorkers(plan);
  const own = workers > 1 ? workerBytes(workload, image * decoded) : 0;
  const times = (pass: Pass): Pass => ({ ...pass, bytes: workers * pass.bytes });
  return {
    held:
      image * (2 * decoded + seeds * plan.distill.imagesPerClass) +
      workers * (network + own) +
      (teacher?.held ?? 0),
    passes: [
      times({ name: 'a training batch', bytes: batchSize * imageBytes(plan.student, shape, true) }),
      ...(teacher ? [teacher.pass] : []),
      times(testPass(plan.student, shape, chunks, 0)),
    ],
  };
}

/** What a worker process holds before it trains: itself, the test images (mapped, once read), and its training images. */
export function workerBytes({ process, sizes }: Workload, trainingImages: number): number {
  return process + dataBytes({ ...sizes, trainImages: 0 }) + 2 * trainingImages;
}

/** The networks that give soft labels, and what they take to give some; none with hard labels. */
function teacherFootprint(
  { model, student, pretrain, evaluate }: Plan,
  { shape, classes }: DataSizes,
  chunks: TaskChunks,
): { readonly held: number; readonly pass: Pass } | undefined {
  const { labels, batchSize } = evaluate;
  if (labels.mode === 'hard') return undefined;
  const { teacher } = labels;
  const taught = teacher.kind === 'pool' ? model : (teacher.model ?? student);
  const pool = teacher.kind === 'pool' && teacher.networks === 'all';
  const networks = pool
    ? pretrain.networks
    : teacher.kind === 'file'
      ? 1
      : Number(teacher.networks);
  const atOnce = labels.mode === 'static' ? chunks.test : batchSize;
  return {
    held: networks * parameterBytes(taught, shape, classes),
    pass: {
      name: 'soft labels',
      bytes: atOnce * imageBytes(taught, shape, false),
      ...(labels.mode === 'static' && { chunk: 'test' as const }),
    },
  };
}

function testPass(
  model: Plan['model'],
  shape: DataSizes['shape'],
  chunks: TaskChunks,
  more: number,
): Pass {
  return {
    name: 'test images',
    bytes: more + chunks.test * imageBytes(model, shape, false),
    chunk: 'test',
  };
}

/** Gradients, what an optimiser remembers, and what its step takes, in copies of the parameters. */
export function optimizerCopies(optimizer: OptimizerOptions): number {
  if (optimizer.kind === 'sgd') return (optimizer.momentum ?? 0) > 0 ? 2 : 1;
  return 3;
}

function pixels({ shape: { channels, height, width } }: DataSizes): number {
  return channels * height * width;
}

function poolBytes({ pretrain, model }: Plan, { shape, classes }: DataSizes): number {
  return 2 * pretrain.networks * parameterBytes(model, shape, classes);
}

/** An image and its way through a network. */
export function imageBytes(
  model: Plan['model'],
  shape: DataSizes['shape'],
  gradient: boolean,
): number {
  const image = shape.channels * shape.height * shape.width * float;
  return operatorMemory.imageCopies * image + activationBytes(model, shape, { gradient });
}

/** Images of each class in a batch: real ones, and synthetic ones after decoding. */
export function perClass(plan: Plan): { realPerClass: number; decoded: number } {
  const { distill } = plan;
  const decoded = decodedPerClass(distill.formation, distill.imagesPerClass);
  const realPerClass = methodOf(distill.method).realPerClass(distill);
  return { realPerClass, decoded };
}

function frequencyBytes({ distill }: Plan, dimension: number): number {
  const { frequencies = { kind: 'none' } } = distill as Partial<NcfmOptions>;
  if (frequencies.kind === 'none') return 0;
  const { frequencyCopies, learnedFrequencyCopies } = operatorMemory;
  const learned = frequencies.kind === 'sampling-network';
  const copies = learned ? learnedFrequencyCopies : frequencyCopies;
  return copies * frequencies.count * dimension * float;
}

/** The sampling network with its optimiser, and what its step takes. */
function samplingNetworkBytes({ distill }: Plan, dimension: number) {
  const { frequencies = { kind: 'none' } } = distill as Partial<NcfmOptions>;
  if (frequencies.kind !== 'sampling-network') return { held: 0, step: 0 };
  const { width = usualWidth(dimension), optimizer } = frequencies;
  const parameters = (2 * width * width + width * dimension) * float;
  // Of the optimiser's copies one is the gradient, which lives during the step only.
  return { held: parameters * optimizerCopies(optimizer), step: 2 * parameters };
}

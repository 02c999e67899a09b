import { planMemory } from '../capacity/budget.js';
import type { Stage } from '../capacity/measure.js';
import type { Dataset } from '../data/index.js';
import type { TaskChunks } from '../distill/chunks.js';
import { decodedPerClass } from '../distill/index.js';
import { trainingSteps } from '../evaluate/evaluate.js';
import { stepsPerEvent } from '../evaluate/evaluate-seed.js';
import { buildModel } from '../models/index.js';
import type { Plan } from '../plan/plan.js';
import type { EventSink } from '../run/index.js';
import { RandomGenerator } from '../tensor/index.js';
import { drawOnce, type PictureCost } from './draw-once.js';
import { checkPlan, missingNetworks } from './prepare.js';
import { repeatedPlans } from './repeats.js';
import { evaluatedSets, snapshots, stageSeconds } from './stage-seconds.js';

export interface EstimateRequest {
  readonly plan: Plan;
  /** Folder of trained pools. */
  readonly cache: string;
  readonly onEvent?: EventSink;
  readonly signal?: AbortSignal | undefined;
}

export interface StageEstimate {
  readonly stage: Stage;
  /** Wall-clock seconds on this machine. */
  readonly seconds: number;
  /** The most that the process will hold, in bytes. */
  readonly bytes: number;
}

/** What a run will take, before it is begun. */
export interface PlanEstimate {
  readonly dataset: string;
  readonly stages: readonly StageEstimate[];
  /** Of all stages. */
  readonly seconds: number;
  readonly memory: {
    readonly budget: number | 'auto';
    readonly estimate: number;
    readonly chunks: TaskChunks;
  };
  /** Bytes that will be written into the run's directory, and into the folder of pretrained networks. */
  readonly disk: { readonly run: number; readonly cache: number };
  readonly networks: {
    readonly total: number;
    /** Those that earlier runs have left and that will not be trained again. */
    readonly ready: number;
  };
}

/**
 * Tells how long a plan will take here and how much memory and disk, by doing a little of each stage's work. Throws
 * UsageError for a plan that cannot run, as `checkPlan` does, or that does not fit into its memory.
 */
export async function estimatePlan(request: EstimateRequest): Promise<PlanEstimate> {
  const { plan, cache, onEvent = () => {}, signal } = request;
  // Its memory is measured below, with the time.
  const { data } = await checkPlan({ ...plan, memory: 'auto' }, { cache, onEvent, signal });
  const { train } = data;
  const missing = repeatedPlans(plan)
    .map((each) => missingNetworks(each, train, cache))
    .reduce((sum, networks) => sum + networks, 0);
  const pictures: PictureCost[] = [];
  const {
    stages = [],
    estimate = 0,
    chunks,
  } = await planMemory({
    plan,
    data,
    pretrains: missing > 0,
    draw: async (synthetic) => pictures.push(await drawOnce(synthetic, train)),
    measure: true,
    onEvent,
    signal,
  });
  const costs = [pictures[0]!, pictures.at(-1)!] as const;
  const estimates = stages.map((stage) => ({
    stage: stage.stage,
    seconds: stageSeconds(plan, stage, missing, costs),
    bytes: stage.bytes,
  }));
  const total = plan.pretrain.networks * plan.repeats;
  return {
    dataset: train.name,
    stages: estimates,
    seconds: estimates.reduce((sum, { seconds }) => sum + seconds, 0),
    memory: { budget: plan.memory, estimate, chunks },
    disk: diskBytes(plan, train, costs[1].bytes, missing),
    networks: { total, ready: total - missing },
  };
}

/** Bytes of one line of the event log. */
const lineBytes = 200;
/** Bytes of one point of the loss curve. */
const pointBytes = 16;
/** The configuration, the manifest, the results, the charts' frames. */
const smallFiles = 8000;

/** The figures of one network without its confusion matrix; one count of that. */
const figuresBytes = 600;
const countBytes = 4;
/** A random generator's state, as text. */
const generatorBytes = 7000;

/** The two checkpoints that are kept: images and their optimiser, which remembers at most twice as much, the order of the real images, the loss curve. */
function checkpointBytes({ distill }: Plan, realImages: number, stored: number): number {
  const kept = Math.min(2, distill.iterations);
  return kept * (3 * stored + 4 * realImages + 8 * distill.iterations + generatorBytes);
}

function diskBytes(
  plan: Plan,
  train: Dataset,
  pictureBytes: number,
  missing: number,
): PlanEstimate['disk'] {
  const { channels, height, width } = train.shape;
  const classes = train.classNames.length;
  const { iterations, imagesPerClass } = plan.distill;
  const images = classes * imagesPerClass;
  const stored = images * (channels * height * width * Float32Array.BYTES_PER_ELEMENT + 8);
  const steps = trainingSteps(
    plan.evaluate,
    classes * decodedPerClass(plan.distill.formation, imagesPerClass),
  );
  const toldSteps = Math.ceil(steps / stepsPerEvent(steps));
  const networks = evaluatedSets * plan.evaluate.seeds;
  const evaluationLines = networks * (toldSteps + 1);
  return {
    run:
      plan.repeats *
      ((snapshots(plan) + 2) * pictureBytes +
        2 * stored +
        checkpointBytes(plan, train.labels.length, stored) +
        networks * (figuresBytes + classes ** 2 * countBytes) +
        iterations * (lineBytes + pointBytes) +
        evaluationLines * lineBytes +
        smallFiles),
    cache: missing * 2 * networkBytes(plan, train),
  };
}

/** Bytes of an extractor's parameters and buffers. */
function networkBytes({ model, device }: Plan, { shape, classNames }: Dataset): number {
  using network = buildModel(model, shape, classNames.length, new RandomGenerator(0, device));
  const wide = ['int64', 'float64'];
  return [...network.state().values()]
    .map(({ dtype, length }) => length * (wide.includes(dtype) ? 8 : 4))
    .reduce((sum, bytes) => sum + bytes, 0);
}

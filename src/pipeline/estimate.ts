import { parameterBytes } from '../capacity/activations.js';
import { memoryFacts } from '../capacity/budget.js';
import { perClass, type Stage, stageBytes } from '../capacity/footprint.js';
import type { TaskChunks } from '../distill/chunks.js';
import { trainingSteps } from '../evaluate/evaluate.js';
import { stepsPerEvent } from '../evaluate/evaluate-seed.js';
import type { NcfmOptions } from '../methods/index.js';
import type { Plan } from '../plan/plan.js';
import type { EventSink } from '../run/index.js';
import { checkPlan, missingNetworks, type Prepared } from './prepare.js';
import { type Probed, probe } from './probe.js';
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
 * Tells how long a plan will take here and how much memory and disk: memory from a model of it, time by doing a little
 * of each kind of work and multiplying. Throws UsageError for a plan that cannot run, as `checkPlan` does.
 */
export async function estimatePlan(request: EstimateRequest): Promise<PlanEstimate> {
  const { plan, cache, onEvent = () => {}, signal } = request;
  const prepared = await checkPlan(plan, { cache, onEvent, signal });
  const repeated = repeatedPlans(plan);
  const missing = repeated
    .map((each) => missingNetworks(each, prepared.data.train, cache))
    .reduce((sum, networks) => sum + networks, 0);
  const total = plan.pretrain.networks * plan.repeats;
  const probed = await probe({ plan, prepared, pretrains: missing > 0, onEvent, signal });
  const seconds = stageSeconds(plan, prepared.data, probed.seconds, missing);
  const stages = prepared.memory.stages.map((stage) => ({
    stage: stage.stage,
    seconds: seconds[stage.stage],
    bytes: Math.round(stageBytes(stage)),
  }));
  return {
    dataset: prepared.data.train.name,
    stages,
    seconds: stages.reduce((sum, stage) => sum + stage.seconds, 0),
    memory: { ...memoryFacts(plan, prepared.memory), chunks: prepared.memory.chunks },
    disk: diskBytes(plan, prepared, probed, missing),
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

/** The two checkpoints that are kept: images and their optimiser, the order of the real images, the loss curve. */
function checkpointBytes({ distill }: Plan, realImages: number, stored: number): number {
  const slots = (distill as NcfmOptions).optimizer.kind === 'sgd' ? 1 : 2;
  const kept = Math.min(2, distill.iterations);
  return kept * ((1 + slots) * stored + 4 * realImages + 8 * distill.iterations + generatorBytes);
}

function diskBytes(
  plan: Plan,
  { data: { train } }: Prepared,
  { pictureBytes }: Probed,
  missing: number,
): PlanEstimate['disk'] {
  const { channels, height, width } = train.shape;
  const classes = train.classNames.length;
  const { iterations, imagesPerClass } = plan.distill;
  const images = classes * imagesPerClass;
  const stored = images * (channels * height * width * Float32Array.BYTES_PER_ELEMENT + 8);
  const steps = trainingSteps(plan.evaluate, classes * perClass(plan).decoded);
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
    cache: missing * 2 * parameterBytes(plan.model, train.shape, classes),
  };
}

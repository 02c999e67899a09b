import { planMemory } from '../capacity/budget.js';
import type { Stage } from '../capacity/measure.js';
import type { Dataset } from '../data/index.js';
import type { TaskChunks } from '../distill/chunks.js';
import { wantsPool } from '../methods/registry.js';
import { buildModel } from '../models/index.js';
import type { Plan } from '../plan/plan.js';
import type { EventSink } from '../run/index.js';
import { RandomGenerator, residentMemory } from '../tensor/index.js';
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
    loading: residentMemory().peak,
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
  const total = wantsPool(plan.distill) ? plan.pretrain.networks * plan.repeats : 0;
  return {
    dataset: train.name,
    stages: estimates,
    seconds: estimates.reduce((sum, { seconds }) => sum + seconds, 0),
    memory: { budget: plan.memory, estimate, chunks },
    disk: diskBytes(plan, train, costs[1].bytes, missing),
    networks: { total, ready: total - missing },
  };
}

/** Bytes of an iteration's lines and its point in charts; of a network's figures and lines; of the settings and charts. */
const written = { iteration: 232, network: 10_800, run: 22_000 } as const;

/**
 * Bytes of the report that a run on the command line ends with: the page, and its pictures as far as they fit. Of several
 * distillations the first has one.
 */
export function reportBytes(plan: Plan, pictureBytes: number): number {
  return 620_000 + Math.min(1_500_000, snapshots(plan) * pictureBytes);
}

function diskBytes(
  plan: Plan,
  { shape, classNames, labels }: Dataset,
  pictureBytes: number,
  missing: number,
): PlanEstimate['disk'] {
  const { distill, evaluate, repeats, model } = plan;
  const classes = classNames.length;
  const image = 4 * shape.channels * shape.height * shape.width;
  const stored = classes * distill.imagesPerClass * image;
  // The two last ones are kept: the images with what their optimiser remembers, and the order of the real images.
  const checkpoint = 3 * stored + 4 * labels.length;
  using network = buildModel(model, shape, classes, new RandomGenerator(0));
  const values = [...network.state().values()].reduce((sum, { length }) => sum + length, 0);
  return {
    run:
      reportBytes(plan, pictureBytes) +
      repeats *
        ((snapshots(plan) + 3) * pictureBytes +
          2 * (stored + checkpoint) +
          distill.iterations * written.iteration +
          evaluatedSets * evaluate.seeds * (written.network + 4 * classes ** 2) +
          written.run),
    cache: missing * 2 * 4 * values,
  };
}

import { planMemory } from '../capacity/budget.js';
import { distillStages } from '../capacity/measure.js';
import type { Dataset } from '../data/index.js';
import type { SyntheticImages } from '../distill/index.js';
import { distill } from '../methods/distill.js';
import { buildModel } from '../models/index.js';
import type { Plan } from '../plan/plan.js';
import type { EventSink } from '../run/index.js';
import { RandomGenerator } from '../tensor/index.js';
import { pretrain } from '../train/pretrain.js';
import { requireEnoughImages, startEngine } from './prepare.js';

export interface DistillDatasetRequest {
  /** The images to distil; the plan's own dataset is not read. */
  readonly train: Dataset;
  readonly plan: Plan;
  /** Folder of trained pools; `.cache` in the working directory when left out, as on the command line. */
  readonly cache?: string;
  readonly onEvent?: EventSink;
  readonly signal?: AbortSignal;
}

/**
 * Distils a dataset that is in memory: pretrains the pool of feature extractors (or reuses it) and plays the game, with
 * no run directory. The caller owns the images. Throws UsageError for settings that do not fit the dataset.
 */
export async function distillDataset(request: DistillDatasetRequest): Promise<SyntheticImages> {
  const { train, plan, onEvent = () => {}, signal } = request;
  const random = startEngine(plan);
  requireEnoughImages(train, plan.distill);
  const { chunks } = await planMemory({
    plan,
    data: { train },
    stages: distillStages,
    pretrains: true,
    onEvent,
    signal,
  });
  using pool = await pretrain({
    train,
    model: plan.model,
    options: plan.pretrain,
    cache: request.cache ?? '.cache',
    checkpoint: plan.checkpoint,
    random: random.derive('pretrain'),
    onEvent,
    signal,
  });
  return await distill({
    train,
    pool,
    buildModel: () =>
      buildModel(
        plan.model,
        train.shape,
        train.classNames.length,
        new RandomGenerator(0, random.device),
      ),
    options: plan.distill,
    chunks,
    random: random.derive('distill'),
    onEvent,
    signal,
  });
}

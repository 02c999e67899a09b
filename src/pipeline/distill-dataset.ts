import { join } from 'node:path';
import { distillStages } from '../capacity/measure.js';
import { makeFolder, TemporaryFolder } from '../core/index.js';
import type { Dataset } from '../data/index.js';
import type { SyntheticImages } from '../distill/index.js';
import { type DistillRequest, distill } from '../methods/distill.js';
import { DistillCheckpoints } from '../methods/distill-checkpoints.js';
import { wantsPool } from '../methods/registry.js';
import type { Plan } from '../plan/plan.js';
import type { EventSink } from '../run/index.js';
import { pretrain } from '../train/pretrain.js';
import { distillIdentity } from './pipeline.js';
import { checkPlan, startEngine } from './prepare.js';
import { checkpointsFolder, extractorBuilder, pretrainRequest } from './run-context.js';

export interface DistillDatasetRequest extends Pick<DistillRequest, 'onImages'> {
  /** The images to distil; the plan's own dataset is not read. */
  readonly train: Dataset;
  /** Images on which the networks of the pool are tested, to be told; nothing depends on them. */
  readonly test?: Dataset | undefined;
  readonly plan: Plan;
  /** Folder of trained pools; when left out they are in `folder`, or kept until the distillation is over. */
  readonly cache?: string | undefined;
  /** Folder that keeps the state of the distillation, which goes on from there when it is asked for again. */
  readonly folder?: string | undefined;
  readonly onEvent?: EventSink | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Distils a dataset that is at hand: pretrains the pool that the method asks for (or reuses it) and distils, with no
 * run directory. The caller owns the images. Throws UsageError for settings that do not fit the dataset.
 */
export async function distillDataset(request: DistillDatasetRequest): Promise<SyntheticImages> {
  const { cache, folder } = request;
  if (folder !== undefined) makeFolder(folder);
  const kept = cache ?? (folder && join(folder, 'pools'));
  if (kept !== undefined) return await distillWith(request, kept);
  using temporary = new TemporaryFolder('pools');
  return await distillWith(request, temporary.path);
}

async function distillWith(
  request: DistillDatasetRequest,
  cache: string,
): Promise<SyntheticImages> {
  const { train, test, plan, folder, onEvent = () => {}, onImages, signal } = request;
  const data = { train, test: test ?? train };
  const { memory } = await checkPlan(plan, { stages: distillStages, data, cache, onEvent, signal });
  const random = startEngine(plan);
  const context = { plan, data, cache, memory, random, onEvent, signal };
  using pool = wantsPool(plan.distill)
    ? await pretrain(pretrainRequest(context, { test }))
    : undefined;
  using checkpoints =
    folder === undefined
      ? undefined
      : new DistillCheckpoints({
          folder: join(folder, checkpointsFolder),
          identity: distillIdentity({ plan, data, random }, pool),
          chunks: memory.chunks,
          interval: plan.checkpoint,
          onEvent,
        });
  return await distill({
    train,
    pool,
    buildModel: extractorBuilder(context, train),
    pretrain: plan.pretrain,
    options: plan.distill,
    chunks: checkpoints?.chunks ?? memory.chunks,
    random: random.derive('distill'),
    checkpoints,
    onEvent,
    signal,
    ...(onImages && { onImages }),
  });
}

import { type MemoryReport, memoryReport } from '../capacity/budget.js';
import { distillStages } from '../capacity/measure.js';
import { packageVersion } from '../core/index.js';
import { saveDistilled } from '../distill/product.js';
import { distill } from '../methods/distill.js';
import { DistillCheckpoints } from '../methods/distill-checkpoints.js';
import { methodOf, wantsPool } from '../methods/registry.js';
import { engine, threads } from '../tensor/index.js';
import type { ExtractorPool } from '../train/index.js';
import { pretrain } from '../train/pretrain.js';
import { evaluateStored, type PipelineResult } from './evaluate-set.js';
import { labelStored } from './label-run.js';
import { drawNearest } from './nearest-images.js';
import {
  begin,
  checkpointsFolder,
  extractorBuilder,
  isFirst,
  type PhaseSeconds,
  type PipelineRequest,
  pretrainRequest,
  productFolder,
  type RunContext,
  startFolder,
  timed,
  writeManifest,
} from './run-context.js';
import { RunPictures } from './run-pictures.js';

/** The whole chain: pretrain the pool (or reuse it), distil, label where soft labels are asked for, evaluate. */
export async function runPipeline(request: PipelineRequest): Promise<PipelineResult> {
  const context = await begin(request);
  const { directory, shared = directory } = request;
  writeManifest(directory, context);
  const seconds = await pretrainAndDistill(request, context);
  if (context.plan.evaluate.labels.mode === 'static') await labelStored(shared, context);
  const result = await evaluateStored(directory, context, seconds);
  if (isFirst(context)) await drawNearest(directory, context);
  return result;
}

/** Only the pool: trains what the cache lacks of it. */
export async function pretrainOnly(
  request: Omit<PipelineRequest, 'directory'>,
): Promise<{ networks: number; seconds: number; memory: MemoryReport }> {
  const { plan, onEvent } = request;
  const context = await begin(request, ['pretrain']);
  const { value: pool, seconds } = await timed('pretrain', onEvent, () =>
    pretrain(pretrainRequest(context)),
  );
  pool.dispose();
  const memory = memoryReport(plan, context.memory, onEvent);
  return { networks: plan.pretrain.networks, seconds, memory };
}

/** What a distillation without an evaluation left. */
export interface Distilled {
  readonly directory: string;
  readonly seconds: PhaseSeconds;
  readonly memory: MemoryReport;
}

/** Pretrains (or reuses the pool) and distils, without evaluating. */
export async function distillOnly(request: PipelineRequest): Promise<Distilled> {
  const context = await begin(request, distillStages);
  writeManifest(request.directory, context);
  return await distilled(request, context);
}

/** The same within the folder of a larger task, whose manifest is left as it is. */
export async function distillPart(request: PipelineRequest): Promise<Distilled> {
  return await distilled(request, await begin(request, distillStages));
}

async function distilled(request: PipelineRequest, context: RunContext): Promise<Distilled> {
  const seconds = await pretrainAndDistill(request, context);
  const { plan, directory, onEvent } = request;
  const memory = memoryReport(plan, context.memory, onEvent);
  return { directory: directory.path, seconds, memory };
}

/** The pool is released before anything else is begun. */
async function pretrainAndDistill(
  request: PipelineRequest,
  context: RunContext,
): Promise<PhaseSeconds> {
  const { onEvent } = request;
  if (!wantsPool(context.plan.distill)) {
    const { seconds } = await timed('distill', onEvent, () => distilInto(request, context));
    return { pretrain: 0, distill: seconds };
  }
  const pretrained = await timed('pretrain', onEvent, () => pretrain(pretrainRequest(context)));
  using pool = pretrained.value;
  const { seconds } = await timed('distill', onEvent, () => distilInto(request, context, pool));
  return { pretrain: pretrained.seconds, distill: seconds };
}

/**
 * Distils, or goes on from where an earlier process was; pictures, the loss curve, the start and the product are written
 * into the run directory.
 */
async function distilInto(
  { directory, acceptChanges }: PipelineRequest,
  context: RunContext,
  pool?: ExtractorPool,
): Promise<void> {
  const { plan, data, random, group, onEvent, signal } = context;
  const pictures = new RunPictures(directory, data.train, plan);
  using checkpoints = new DistillCheckpoints({
    folder: directory.pathOf(checkpointsFolder),
    identity: distillIdentity(context, pool),
    chunks: context.memory.chunks,
    interval: plan.checkpoint,
    acceptChanges,
    group,
    onEvent,
  });
  using synthetic = await distill({
    train: data.train,
    pool,
    buildModel: extractorBuilder(context, data.train),
    pretrain: plan.pretrain,
    options: plan.distill,
    chunks: checkpoints.chunks,
    random: random.derive('distill'),
    checkpoints,
    group,
    onEvent,
    signal,
    imagesDue: (iteration) => pictures.isDue(iteration),
    onImages: async (iteration, images) => {
      if (!isFirst(context)) return;
      if (iteration === 0) saveDistilled(directory.pathOf(startFolder), images, data.train);
      const told = await pictures.snapshot(iteration, images);
      if (told) onEvent(told);
    },
  });
  if (isFirst(context)) {
    saveDistilled(directory.pathOf(productFolder), synthetic, data.train);
    await pictures.finish(checkpoints.losses);
  }
  await group?.together(() => undefined, signal);
}

type Identified = Pick<RunContext, 'plan' | 'random'> & {
  readonly data: Pick<RunContext['data'], 'train'>;
};

/** Everything that the images of a run depend on. */
export function distillIdentity({ plan, data, random }: Identified, pool?: ExtractorPool): object {
  const { seed, device, memory, chunks, model, pretrain, distill } = plan;
  const training = methodOf(distill.method).material === 'training' ? pretrain : null;
  return {
    versions: { ncfm: packageVersion(), libtorch: engine().version },
    engine: { device, threads: threads() },
    data: { train: data.train.hash, normalization: data.train.normalization },
    seed: [seed, random.seed],
    memory,
    chunks,
    model,
    extractors: pool?.hash ?? training,
    distill,
  };
}

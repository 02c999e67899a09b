import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FinishedWork, fingerprint, makeFolder } from '../../core/index.js';
import type { Dataset } from '../../data/index.js';
import {
  forgettingSelector,
  herdingSelector,
  type ImageSelector,
  kCentreSelector,
  randomSelector,
  type SyntheticImages,
  selectedImages,
  selectImages,
} from '../../distill/index.js';
import { decodeStored, imagesFile, saveDistilled } from '../../distill/product.js';
import { distill } from '../../methods/distill.js';
import { DistillCheckpoints } from '../../methods/distill-checkpoints.js';
import { buildModel, type ImageModel, resolveModel } from '../../models/index.js';
import type { RunContext } from '../../pipeline/run-context.js';
import type { MemoryKind } from '../../plan/continual-options.js';
import { writeImageGrid } from '../../report/index.js';
import { computedBy } from '../../tensor/computed-by.js';
import { RandomGenerator, type Tensor } from '../../tensor/index.js';
import { imageFeatures } from '../../train/features.js';
import type { ExtractorPool } from '../../train/index.js';
import { pretrain } from '../../train/pretrain.js';
import { forgettingScores } from './forgetting.js';

/** One step's part of the memories: images of the classes that come with it, made from their real images alone. */
export interface StepMemory {
  readonly context: RunContext;
  /** The real training images of this step's classes, numbered from 0. */
  readonly train: Dataset;
  /** Holds a folder for each kind of memory. */
  readonly folder: string;
  readonly kinds: readonly MemoryKind[];
  /** This step's generator. */
  readonly random: RandomGenerator;
}

/** Makes those parts that are not in the folder yet; each is kept as soon as it is there. */
export async function makeMemories(memory: StepMemory): Promise<void> {
  const missing = memory.kinds.filter((kind) => !isStored(memory, kind));
  if (missing.length === 0) return;
  using pool = await pretrainPool(memory);
  // One distillation makes its start as well, which is kept whether it was asked for or not.
  if (missing.some(isDistilled)) await distilStep(memory, pool);
  for (const kind of missing) {
    if (isDistilled(kind)) continue;
    const select = await selectorOf(kind, memory, pool);
    const indices = await selectImages(memory.train, perClass(memory), select);
    using images = selectedImages(memory.train, indices, memory.random.device);
    await store(memory, kind, images);
  }
}

/** The training images of a part that was made: [classes · perClass, c, h, w], class by class. The caller owns them. */
export function readMemory(memory: StepMemory, kind: MemoryKind): Tensor {
  const expected = { train: memory.train, imagesPerClass: perClass(memory) };
  return decodeStored(join(memory.folder, kind), { ...expected, device: memory.random.device });
}

function isDistilled(kind: MemoryKind): kind is 'start' | 'ncfm' {
  return kind === 'start' || kind === 'ncfm';
}

function perClass({ context }: StepMemory): number {
  return context.plan.distill.imagesPerClass;
}

function pretrainPool({ context, train, random }: StepMemory): Promise<ExtractorPool> {
  const { plan, cache, onEvent, signal } = context;
  return pretrain({
    train,
    model: plan.model,
    options: plan.pretrain,
    cache,
    checkpoint: plan.checkpoint,
    random: random.derive('pretrain'),
    onEvent,
    signal,
  });
}

/** A network of the pool's architecture for this step's classes. */
function emptyModel({ context, train, random }: StepMemory): ImageModel {
  const generator = new RandomGenerator(0, random.device);
  return buildModel(context.plan.model, train.shape, train.classNames.length, generator);
}

/** Distils, or goes on where an earlier process was, and keeps the start and the result. */
async function distilStep(memory: StepMemory, pool: ExtractorPool): Promise<void> {
  const { context, train, random, folder } = memory;
  const { plan, onEvent, signal } = context;
  const identity = { ...identityOf(memory, 'ncfm'), extractors: pool.hash };
  makeFolder(folder);
  using checkpoints = new DistillCheckpoints({
    // Named after what it belongs to: with other settings the step is distilled anew.
    folder: join(folder, `distilling-${fingerprint(identity)}`),
    identity,
    chunks: context.memory.chunks,
    interval: plan.checkpoint,
    onEvent,
  });
  using synthetic = await distill({
    train,
    pool,
    buildModel: () => emptyModel(memory),
    options: plan.distill,
    chunks: checkpoints.chunks,
    random: random.derive('distill'),
    checkpoints,
    onEvent,
    signal,
    onImages: async (iteration, images) => {
      if (iteration === 0) await store(memory, 'start', images);
    },
  });
  await store(memory, 'ncfm', synthetic);
  checkpoints.clear();
}

/** How a memory of real images chooses them. */
async function selectorOf(
  kind: Exclude<MemoryKind, 'start' | 'ncfm'>,
  memory: StepMemory,
  pool: ExtractorPool,
): Promise<ImageSelector> {
  const random = memory.random.derive(kind);
  switch (kind) {
    case 'random':
      return randomSelector(random);
    case 'herding':
      return herdingSelector((indices) => featuresOf(memory, pool, indices));
    case 'k-centre':
      return kCentreSelector((indices) => featuresOf(memory, pool, indices));
    case 'forgetting':
      return forgettingSelector(await scoresOf(memory, random), random.derive('ties'));
  }
}

/** Features of the pool's first trained network. */
async function featuresOf(
  memory: StepMemory,
  pool: ExtractorPool,
  indices: Int32Array,
): Promise<Tensor> {
  using extractor = emptyModel(memory).setRequiresGrad(false);
  pool.blendInto(extractor, { network: 0, beta: 0 });
  return await imageFeatures(extractor, memory.train, indices, {
    device: memory.random.device,
    imagesAtOnce: memory.context.memory.chunks.real,
    signal: memory.context.signal,
  });
}

function scoresOf({ context, train }: StepMemory, random: RandomGenerator): Promise<Float64Array> {
  const { plan, signal } = context;
  return forgettingScores({
    train,
    model: plan.model,
    options: plan.pretrain,
    imagesAtOnce: context.memory.chunks.test,
    random: random.derive('training'),
    signal,
  });
}

/** Writes a part, its picture, and last the note that it is whole. */
async function store(memory: StepMemory, kind: MemoryKind, images: SyntheticImages): Promise<void> {
  const { train, folder } = memory;
  saveDistilled(join(folder, kind), images, train);
  await writeImageGrid({
    pixels: images.images.toFloat32Array(),
    shape: train.shape,
    columns: images.imagesPerClass,
    rowLabels: train.classNames,
    path: join(folder, `${kind}.png`),
  });
  const hash = storedHash(memory, kind);
  new FinishedWork(folder).write(kind, identityOf(memory, kind), hash);
}

/** Whether a part is in the folder, whole, and made as it would be now. */
function isStored(memory: StepMemory, kind: MemoryKind): boolean {
  const hash = new FinishedWork(memory.folder).read<string>(kind, identityOf(memory, kind));
  return hash !== undefined && hash === storedHash(memory, kind);
}

/** SHA-256 of a part's images; undefined where there are none. */
function storedHash({ folder }: StepMemory, kind: MemoryKind): string | undefined {
  try {
    const bytes = readFileSync(join(folder, kind, imagesFile));
    return createHash('sha256').update(bytes).digest('hex');
  } catch {
    return undefined;
  }
}

/** Everything that a part depends on, code and engine included. */
function identityOf(memory: StepMemory, kind: MemoryKind): object {
  const { context, train, random } = memory;
  const { model, pretrain, distill } = context.plan;
  return {
    kind,
    data: train.hash,
    normalization: train.normalization,
    model: resolveModel(model, train.shape),
    pretrain,
    settings: isDistilled(kind) ? distill : perClass(memory),
    seed: random.seed,
    computedBy: computedBy('./memory.js', import.meta.url, random.device),
  };
}

import { join } from 'node:path';
import { type Artifact, Artifacts, fingerprint, makeFolder } from '../../core/index.js';
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
import type { ImageModel } from '../../models/index.js';
import { extractorBuilder, pretrainRequest, type RunContext } from '../../pipeline/run-context.js';
import type { MemoryKind } from '../../plan/continual-options.js';
import { settingsOfImages } from '../../plan/settings-of-images.js';
import { writeImageGrid } from '../../report/pictures.js';
import { computedBy } from '../../tensor/computed-by.js';
import type { RandomGenerator, Tensor } from '../../tensor/index.js';
import { imageFeatures } from '../../train/features.js';
import { identityOf } from '../../train/identity.js';
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
  readonly random: RandomGenerator;
}

/** Makes those parts that are not in the folder yet; each is kept as soon as it is there. */
export async function makeMemories(memory: StepMemory): Promise<void> {
  const store = new Artifacts(memory.folder);
  const missing = memory.kinds.filter((kind) => store.read(artifactOf(memory, kind)) === undefined);
  if (missing.length === 0) return;
  using pool = await pretrainPool(memory);
  // One distillation makes its start as well, which is kept whether it was asked for or not.
  if (missing.some(isDistilled)) await distilStep(memory, pool);
  for (const kind of missing) {
    if (isDistilled(kind)) continue;
    const select = await selectorOf(kind, memory, pool);
    const indices = await selectImages(memory.train, perClass(memory), select);
    using images = selectedImages(memory.train, indices, memory.random.device);
    await storePart(memory, kind, images);
  }
}

/** The training images of a part that was made: [classes · perClass, c, h, w], class by class. The caller owns them. */
export function readMemory(memory: StepMemory, kind: MemoryKind): Tensor {
  const expected = { train: memory.train, imagesPerClass: perClass(memory) };
  return decodeStored(join(memory.folder, kind), { ...expected, device: memory.random.device });
}

function isDistilled(kind: MemoryKind): kind is 'start' | 'distilled' {
  return kind === 'start' || kind === 'distilled';
}

function perClass({ context }: StepMemory): number {
  return context.plan.distill.imagesPerClass;
}

/** Of this step's images alone, and tested on none. */
function pretrainPool({ context, train, random }: StepMemory): Promise<ExtractorPool> {
  const own = { train, test: undefined, random: random.derive('pretrain') };
  return pretrain(pretrainRequest(context, own));
}

/** A network of the pool's architecture for this step's classes. */
function emptyModel({ context, train }: StepMemory): ImageModel {
  return extractorBuilder(context, train)();
}

/** Distils, or goes on where an earlier process was, and keeps the start and the result. */
async function distilStep(memory: StepMemory, pool: ExtractorPool): Promise<void> {
  const { context, train, random, folder } = memory;
  const { plan, onEvent, signal } = context;
  const { identity } = artifactOf(memory, 'distilled', { pool });
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
    buildModel: extractorBuilder(context, train),
    options: plan.distill,
    chunks: checkpoints.chunks,
    random: random.derive('distill'),
    checkpoints,
    onEvent,
    signal,
    onImages: async (iteration, images) => {
      if (iteration === 0) await storePart(memory, 'start', images);
    },
  });
  await storePart(memory, 'distilled', synthetic);
  checkpoints.clear();
}

async function selectorOf(
  kind: Exclude<MemoryKind, 'start' | 'distilled'>,
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
async function storePart(
  memory: StepMemory,
  kind: MemoryKind,
  images: SyntheticImages,
): Promise<void> {
  const { train, folder } = memory;
  saveDistilled(join(folder, kind), images, train);
  await writeImageGrid({
    pixels: images.images.toFloat32Array(),
    shape: train.shape,
    columns: images.imagesPerClass,
    rowLabels: train.classNames,
    path: join(folder, `${kind}.png`),
  });
  new Artifacts(folder).write(artifactOf(memory, kind), null);
}

/** A part, with everything that it depends on, code and engine included. */
function artifactOf(
  { context: { plan }, train, random }: StepMemory,
  kind: MemoryKind,
  more: { readonly pool?: ExtractorPool } = {},
): Artifact & { readonly identity: object } {
  const settings = settingsOfImages(plan);
  const distill = isDistilled(kind) ? plan.distill : plan.distill.imagesPerClass;
  const computed = computedBy('./memory.js', import.meta.url, random.device);
  const identity = identityOf({ kind, train, random, ...settings, distill, ...more, computed });
  return { name: kind, identity, files: [join(kind, imagesFile)] };
}

import { join } from 'node:path';
import { type Artifact, Artifacts, fingerprint, makeFolder } from '../../core/index.js';
import type { Dataset } from '../../data/index.js';
import type { SyntheticImages } from '../../distill/index.js';
import { decodeStored, imagesFile, saveDistilled } from '../../distill/product.js';
import { distill } from '../../methods/distill.js';
import { DistillCheckpoints } from '../../methods/distill-checkpoints.js';
import type { MethodInput } from '../../methods/method.js';
import { methodOf, wantsPool } from '../../methods/registry.js';
import { selectionDefaults } from '../../methods/schema.js';
import { extractorBuilder, pretrainRequest, type RunContext } from '../../pipeline/run-context.js';
import type { MemoryKind } from '../../plan/continual-options.js';
import { settingsOfImages } from '../../plan/settings-of-images.js';
import { writeImageGrid } from '../../report/pictures.js';
import { computedBy } from '../../tensor/computed-by.js';
import type { RandomGenerator, Tensor } from '../../tensor/index.js';
import { identityOf } from '../../train/identity.js';
import type { ExtractorPool } from '../../train/index.js';
import { pretrain } from '../../train/pretrain.js';

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
  const needsPool = missing.some((kind) => wantsPool({ method: methodFor(memory, kind) }));
  using pool = needsPool ? await pretrainPool(memory) : undefined;
  // One distillation makes its start as well, which is kept whether it was asked for or not.
  const distils = missing.some(isDistilled);
  if (distils) await distilStep(memory, wantsPool(memory.context.plan.distill) ? pool : undefined);
  for (const kind of missing) {
    if (!isDistilled(kind)) await selectStep(memory, kind, pool);
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

function methodFor({ context }: StepMemory, kind: MemoryKind): string {
  return isDistilled(kind) ? context.plan.distill.method : kind;
}

function perClass({ context }: StepMemory): number {
  return context.plan.distill.imagesPerClass;
}

/** Of this step's images alone, and tested on none. */
function pretrainPool({ context, train, random }: StepMemory): Promise<ExtractorPool> {
  const own = { train, test: undefined, random: random.derive('pretrain') };
  return pretrain(pretrainRequest(context, own));
}

/** Distils, or goes on where an earlier process was, and keeps the start and the result. */
async function distilStep(memory: StepMemory, pool: ExtractorPool | undefined): Promise<void> {
  const { context, train, random, folder } = memory;
  const { plan, onEvent } = context;
  const { identity } = artifactOf(memory, 'distilled', pool && { pool });
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
    ...methodInput(memory, pool),
    train,
    options: plan.distill,
    chunks: checkpoints.chunks,
    random: random.derive('distill'),
    checkpoints,
    onEvent,
    onImages: async (iteration, images) => {
      if (iteration === 0) await storePart(memory, 'start', images);
    },
  });
  await storePart(memory, 'distilled', synthetic);
  checkpoints.clear();
}

/** Chooses real images by the method that a kind of memory is named after. */
async function selectStep(
  memory: StepMemory,
  kind: Exclude<MemoryKind, 'start' | 'distilled'>,
  pool: ExtractorPool | undefined,
): Promise<void> {
  using distiller = await methodOf(kind).start({
    ...methodInput(memory, pool),
    dataset: memory.train,
    options: { method: kind, imagesPerClass: perClass(memory), ...selectionDefaults },
    chunks: memory.context.memory.chunks,
    random: memory.random.derive(kind),
  });
  using images = distiller.synthetic;
  distiller.step();
  await storePart(memory, kind, images);
}

function methodInput({ context, train }: StepMemory, pool: ExtractorPool | undefined) {
  const { plan, signal } = context;
  const buildModel = extractorBuilder(context, train);
  return { pool, buildModel, pretrain: plan.pretrain, signal } satisfies Partial<MethodInput>;
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

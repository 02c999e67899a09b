import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Artifacts, UsageError } from '../../core/index.js';
import type { Dataset, DatasetPair } from '../../data/index.js';
import { decode } from '../../distill/index.js';
import {
  type DistilledMetadata,
  imagesFile,
  loadDistilled,
  metadataFile,
} from '../../distill/product.js';
import type { OpenedSet } from '../../pipeline/open-set.js';
import { distillPart } from '../../pipeline/pipeline.js';
import {
  type PhaseSeconds,
  type PipelineRequest,
  productFolder,
} from '../../pipeline/run-context.js';
import { settingsOfImages } from '../../plan/settings-of-images.js';
import { computedBy } from '../../tensor/computed-by.js';
import { noGrad, scope } from '../../tensor/index.js';
import { identityOf } from '../../train/identity.js';

/** A distilled set as networks train on it; owns its images. */
export interface DistilledProxy extends OpenedSet {
  /** Of the stored images' file. */
  readonly bytes: number;
  /** What it took to make, where that is known. */
  readonly seconds?: number;
}

/** Where a distilled set is, and how long its making took. */
interface Location {
  readonly folder: string;
  readonly seconds: PhaseSeconds | undefined;
}

/**
 * The distilled set that a search uses: the named run's, the one that its own folder holds, or one that is distilled now
 * from the training images of `parts`.
 */
export async function distilledSet(
  request: PipelineRequest,
  parts: { readonly searched: DatasetPair; readonly all: Dataset },
  finished: Artifacts,
): Promise<DistilledProxy> {
  const { folder, seconds } = await locate(request, parts.searched.train, finished);
  const { images, metadata } = loadDistilled(folder, request.plan.device);
  using stored = images;
  requireTrainingImages(request, folder, metadata, parts);
  const { imagesPerClass, classNames, formation } = metadata;
  const decoded = scope(() => noGrad(() => decode(stored, classNames.length, formation).clone()));
  const spent = Object.values(seconds ?? {});
  return {
    images: decoded,
    imagesPerClass,
    bytes: statSync(join(folder, imagesFile)).size,
    ...(spent.length > 0 && { seconds: spent.reduce((sum, each) => sum + each, 0) }),
    [Symbol.dispose]: () => decoded.dispose(),
  };
}

async function locate(
  request: PipelineRequest,
  train: Dataset,
  finished: Artifacts,
): Promise<Location> {
  const { plan, group, acceptChanges = false } = request;
  const { run } = plan.search;
  if (run !== undefined) {
    return { folder: join(run, productFolder), seconds: storedSeconds(run) };
  }
  const directory = request.shared ?? request.directory;
  const folder = directory.pathOf(productFolder);
  const artifact = {
    name: 'distillation',
    identity: {
      ...identityOf({ train, ...settingsOfImages(plan) }),
      computedBy: computedBy('../../pipeline/pipeline.js', import.meta.url, plan.device),
    },
    files: [imagesFile, metadataFile].map((file) => join('..', productFolder, file)),
  };
  // Of a run that goes on with its settings the set is the one to use; changed settings would give another.
  const find = (): PhaseSeconds | null | undefined =>
    !acceptChanges && existsSync(join(folder, metadataFile))
      ? (finished.read<PhaseSeconds>(artifact) ?? storedSeconds(directory.path) ?? null)
      : finished.read<PhaseSeconds>(artifact);
  const { seconds: known } = group
    ? await group.first(() => ({ seconds: find() }))
    : { seconds: find() };
  if (known !== undefined) return { folder, seconds: known ?? undefined };
  // A set of other settings must not be taken for this one should the distillation be stopped.
  if (group?.isFirst !== false) rmSync(folder, { recursive: true, force: true });
  const { seconds } = await distillPart(request);
  const keep = (): void => finished.write(artifact, seconds);
  await (group ? group.first(keep) : keep());
  return { folder, seconds };
}

/** How long a finished run's stages before its evaluation took. */
function storedSeconds(run: string): PhaseSeconds | undefined {
  try {
    const results = JSON.parse(readFileSync(join(run, 'results.json'), 'utf8'));
    const { evaluate: _, ...seconds } = results.seconds as PhaseSeconds;
    return seconds;
  } catch {
    // Not evaluated yet: how long it took is not known.
    return undefined;
  }
}

/** Refuses a set of other images; says so when it was made from the held-out ones too. */
function requireTrainingImages(
  { onEvent }: PipelineRequest,
  folder: string,
  { dataset }: DistilledMetadata,
  { searched, all }: { readonly searched: DatasetPair; readonly all: Dataset },
): void {
  if (dataset.hash === searched.train.hash) return;
  if (dataset.hash === all.hash) {
    onEvent({
      type: 'warning',
      message: `${folder} was distilled from all training images, those among them that architectures are put in order by`,
    });
    return;
  }
  throw new UsageError(
    `${folder} was distilled from other images of ${dataset.name} than this configuration's training images of ${all.name}; leave dataset and search.validation as they were, or name another run with search.run`,
  );
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError, writeFileAtomic } from '../core/index.js';
import type { Dataset } from '../data/index.js';
import {
  loadSafetensors,
  noGrad,
  saveSafetensors,
  scope,
  type Tensor,
  toDeviceOf,
} from '../tensor/index.js';
import { checkFormation, decode, type Formation } from './formation.js';
import { labelsByClass } from './labels.js';
import type { SyntheticImages } from './synthetic.js';

/** The data that a set was distilled from. */
export interface SetSource extends Pick<Dataset, 'name' | 'whitening'> {
  /** SHA-256 of the training images used. */
  readonly hash: string;
}

export function sourceOf({ name, hash, whitening }: SetSource): SetSource {
  return { name, hash, ...(whitening && { whitening }) };
}

/** What a consumer of a distilled set needs to know to train on it as it was meant. */
export interface DistilledMetadata {
  readonly formatVersion: 1;
  readonly dataset: SetSource;
  readonly classNames: readonly string[];
  readonly imagesPerClass: number;
  readonly shape: { readonly channels: number; readonly height: number; readonly width: number };
  /** Subtract the mean and divide by the standard deviation, per channel, after decoding. */
  readonly normalization: { readonly mean: readonly number[]; readonly std: readonly number[] };
  /** How stored images are decoded into training images. */
  readonly formation: Formation;
  /** Learning rate of plain descent that was learned with the images. */
  readonly stepSize?: number;
}

/** A distilled set, read back: stored images [classes · imagesPerClass, c, h, w] in [0, 1], class by class. */
export interface DistilledSet {
  readonly images: Tensor;
  readonly metadata: DistilledMetadata;
}

/** The file of a distilled set's folder that holds its images. */
export const imagesFile = 'images.safetensors';
/** The one that describes it, which is written last. */
export const metadataFile = 'metadata.json';

/**
 * Writes a distilled set into a folder: `images.safetensors` (images float32 in [0, 1] as stored, labels int64) and
 * `metadata.json`.
 */
export function saveDistilled(
  folder: string,
  synthetic: Pick<SyntheticImages, 'images' | 'classes' | 'imagesPerClass' | 'formation'> & {
    readonly stepSize?: number | undefined;
  },
  dataset: SetSource & Pick<Dataset, 'classNames' | 'shape' | 'normalization'>,
): void {
  const metadata: DistilledMetadata = {
    formatVersion: 1,
    dataset: sourceOf(dataset),
    classNames: dataset.classNames,
    imagesPerClass: synthetic.imagesPerClass,
    shape: dataset.shape,
    normalization: dataset.normalization,
    formation: synthetic.formation,
    ...(synthetic.stepSize !== undefined && { stepSize: synthetic.stepSize }),
  };
  using labels = labelsByClass(synthetic.classes, synthetic.imagesPerClass, 'cpu');
  const tensors = new Map([
    ['images', synthetic.images],
    ['labels', labels],
  ]);
  saveSafetensors(join(folder, imagesFile), tensors, { format: 'ncfm-distilled' });
  writeFileAtomic(join(folder, metadataFile), `${JSON.stringify(metadata, null, 2)}\n`);
}

/** Reads a distilled set written by `saveDistilled`. Throws UsageError when the folder holds none, or a damaged one. */
export function loadDistilled(folder: string, device: string): DistilledSet {
  const metadata = readMetadata(join(folder, metadataFile));
  const images = scope(() => {
    const stored = loadSafetensors(join(folder, imagesFile)).tensors.get('images');
    return stored && toDeviceOf(stored, device);
  });
  const { channels, height, width } = metadata.shape;
  const expected = [metadata.classNames.length * metadata.imagesPerClass, channels, height, width];
  if (images?.shape.join() === expected.join()) return { images, metadata };
  images?.dispose();
  throw new UsageError(
    `${join(folder, imagesFile)} does not hold images of shape [${expected.join(', ')}], which ${metadataFile} announces; write it again with \`ncfm distill\``,
  );
}

/** The step size that the distilled set in a folder has learned, if it has. Throws UsageError when there is no set. */
export function stepSizeOf(folder: string): number | undefined {
  return readMetadata(join(folder, metadataFile)).stepSize;
}

function readMetadata(path: string): DistilledMetadata {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError(
      `${path} could not be read: ${(cause as Error).message}. Is this a finished run?`,
      { cause },
    );
  }
  let metadata: DistilledMetadata;
  try {
    metadata = JSON.parse(text) as DistilledMetadata;
  } catch (cause) {
    throw new UsageError(`${path} is not valid JSON: ${(cause as Error).message}`, { cause });
  }
  if (metadata?.formatVersion !== 1) {
    throw new UsageError(
      `${path} has another format version; this version of ncfm reads version 1`,
    );
  }
  const wrong = wrongKey(metadata);
  if (wrong === undefined) return metadata;
  throw new UsageError(
    `${path} is damaged: ${wrong} is missing or not as \`ncfm distill\` writes it; write it again`,
  );
}

/** The first key that a stored description lacks, or that has a value of another kind. */
function wrongKey(metadata: Partial<DistilledMetadata>): string | undefined {
  const { dataset, classNames, imagesPerClass, shape, normalization, formation, stepSize } =
    metadata;
  const sizes = [shape?.channels, shape?.height, shape?.width];
  const perChannel = (values: unknown): boolean =>
    Array.isArray(values) && values.length === shape?.channels && values.every(Number.isFinite);
  const sound: Record<string, boolean> = {
    dataset: isText(dataset?.name) && isText(dataset?.hash),
    classNames: Array.isArray(classNames) && classNames.length > 0 && classNames.every(isText),
    imagesPerClass: isCount(imagesPerClass),
    shape: sizes.every(isCount),
    normalization: perChannel(normalization?.mean) && perChannel(normalization?.std),
    formation: isFormation(formation, shape),
    stepSize: stepSize === undefined || (Number.isFinite(stepSize) && stepSize > 0),
  };
  return Object.keys(sound).find((key) => !sound[key]);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function isFormation(
  formation: Formation | undefined,
  shape: DistilledMetadata['shape'] | undefined,
): boolean {
  if (formation === undefined || !['single', 'multi', 'bound'].includes(formation.mode))
    return false;
  try {
    checkFormation(formation, Number(shape?.height), Number(shape?.width));
    return true;
  } catch {
    return false;
  }
}

/**
 * The training images that the distilled set in a folder holds, [classes · perClass, c, h, w], class by class. Throws
 * UsageError when it was distilled from other images than `train`: its accuracy on images it has seen, or beside
 * controls of another size, would be wrong without a word.
 */
export function decodeStored(
  folder: string,
  { train, imagesPerClass, device }: { train: Dataset; imagesPerClass: number; device: string },
): Tensor {
  const { images, metadata } = loadDistilled(folder, device);
  using stored = images;
  if (metadata.dataset.hash !== train.hash) {
    throw new UsageError(
      `${folder} was distilled from other images of ${metadata.dataset.name} than this configuration's training images of ${train.name}; leave dataset.name, dataset.root, dataset.validation and dataset.whitening as they were when it was distilled`,
    );
  }
  if (metadata.imagesPerClass !== imagesPerClass) {
    throw new UsageError(
      `${folder} holds ${metadata.imagesPerClass} images per class, the configuration says distill.imagesPerClass: ${imagesPerClass}; leave it as it was when they were distilled`,
    );
  }
  return scope(() =>
    noGrad(() => decode(stored, metadata.classNames.length, metadata.formation).clone()),
  );
}

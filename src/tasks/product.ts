import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dataset } from '../data/index.js';
import { decode, type Formation, type SyntheticImages } from '../distill/index.js';
import {
  loadSafetensors,
  noGrad,
  saveSafetensors,
  scope,
  type Tensor,
  toDeviceOf,
  UsageError,
  writeFileAtomic,
} from '../tensor/index.js';
import { labelsByClass } from './train.js';

/** What a consumer of a distilled set needs to know to train on it as it was meant. */
export interface DistilledMetadata {
  readonly formatVersion: 1;
  /** The data it was distilled from, and the SHA-256 of the training images used. */
  readonly dataset: { readonly name: string; readonly hash: string };
  readonly classNames: readonly string[];
  readonly imagesPerClass: number;
  readonly shape: { readonly channels: number; readonly height: number; readonly width: number };
  /** Subtract the mean and divide by the standard deviation, per channel, after decoding. */
  readonly normalization: { readonly mean: readonly number[]; readonly std: readonly number[] };
  /** How stored images are decoded into training images. */
  readonly formation: Formation;
}

/** A distilled set, read back: stored images [classes · imagesPerClass, c, h, w] in [0, 1], class by class. */
export interface DistilledSet {
  readonly images: Tensor;
  readonly metadata: DistilledMetadata;
}

const imagesFile = 'images.safetensors';
const metadataFile = 'metadata.json';

/**
 * Writes a distilled set into a folder: `images.safetensors` (images float32 in [0, 1] as stored, labels int64) and
 * `metadata.json`.
 */
export function saveDistilled(folder: string, synthetic: SyntheticImages, dataset: Dataset): void {
  const metadata: DistilledMetadata = {
    formatVersion: 1,
    dataset: { name: dataset.name, hash: dataset.hash },
    classNames: dataset.classNames,
    imagesPerClass: synthetic.imagesPerClass,
    shape: dataset.shape,
    normalization: dataset.normalization,
    formation: synthetic.formation,
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
  const { tensors } = loadSafetensors(join(folder, imagesFile));
  tensors.get('labels')?.dispose();
  const images = tensors.get('images');
  const { channels, height, width } = metadata.shape;
  const expected = [metadata.classNames.length * metadata.imagesPerClass, channels, height, width];
  if (images === undefined || images.shape.join() !== expected.join()) {
    throw new UsageError(
      `${join(folder, imagesFile)} does not hold images of shape [${expected.join(', ')}], which ${metadataFile} announces; write it again with \`ncfm distill\``,
    );
  }
  return { images: toDeviceOf(images, device), metadata };
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
  try {
    const metadata = JSON.parse(text) as DistilledMetadata;
    if (metadata.formatVersion === 1) return metadata;
  } catch (cause) {
    throw new UsageError(`${path} is not valid JSON: ${(cause as Error).message}`, { cause });
  }
  throw new UsageError(`${path} has another format version; this version of ncfm reads version 1`);
}

/** The training images that the distilled set in a folder holds, [classes · perClass, c, h, w], class by class. */
export function decodeStored(folder: string, device: string): Tensor {
  const { images, metadata } = loadDistilled(folder, device);
  using stored = images;
  return scope(() =>
    noGrad(() => decode(stored, metadata.classNames.length, metadata.formation).clone()),
  );
}

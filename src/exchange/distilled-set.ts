import { existsSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Normalization } from '../core/index.js';
import { UsageError } from '../core/index.js';
import {
  decodedPerClass,
  type Formation,
  labelsByClass,
  loadDistilled,
  type SetSource,
} from '../distill/index.js';
import { loadSoftLabels } from '../evaluate/index.js';
import { scope, type Tensor, tensor } from '../tensor/index.js';
import { descriptionFile } from './export/description.js';
import { type ImagePair, readPair } from './official-pair.js';
import { openArrays } from './opening/arrays.js';
import { disposeSet, type LabelledSet } from './opening/labelled-set.js';
import { type FoundExport, findExport, openExport } from './opening/open-export.js';
import { openParquetPictures, openPictures } from './opening/pictures.js';

export interface OpenSetOptions {
  /** How stored images become training images; a set of ours says so itself. Default: they are training images. */
  readonly formation?: Formation;
  /** What the images of a `.pt` file were normalised with, where they are not in [0, 1]. */
  readonly normalized?: Normalization;
  /** Channels that pictures in files are decoded into; colour when left out. */
  readonly channels?: 1 | 3;
}

/** A distilled set, ours or another project's. Owns its tensors. */
export interface DistilledImages extends Disposable {
  readonly path: string;
  readonly origin:
    | 'memory'
    | 'run'
    | 'export'
    | 'pt'
    | 'npz'
    | 'safetensors'
    | 'parquet'
    | 'folder';
  /** As stored, class by class: [n, c, h, w] in [0, 1]. */
  readonly images: Tensor;
  /** [n], int64, ascending. */
  readonly labels: Tensor;
  /** Soft labels of the training images that the set decodes into. */
  readonly probabilities?: Tensor;
  readonly formation: Formation;
  /** By class number; absent where the file has none. */
  readonly classNames?: readonly string[];
  /** What it was distilled from, where the set says so. */
  readonly dataset?: SetSource;
  /** What networks see is normalised by it, where the set says so. */
  readonly normalization?: Normalization;
  /** Learning rate of plain descent that was learned with the images, where the set says so. */
  readonly stepSize?: number;
}

const asTheyAre: Formation = { mode: 'single', factor: 1 };

/**
 * Opens a distilled set wherever it comes from: a run directory or its folder `distilled`, an export of one, a `.pt`
 * file `[images, labels]`, a `.npz` or `.safetensors` file with images and labels, a `.parquet` file or a folder of class
 * folders of pictures. Images in other orders are put class by class.
 *
 * @throws UsageError naming the file when there is none, it does not hold such a set, or a set of ours says of itself
 *   something else than the options.
 */
export async function openDistilledSet(
  path: string,
  options: OpenSetOptions = {},
): Promise<DistilledImages> {
  const run = [path, join(path, 'distilled')].find((folder) =>
    existsSync(join(folder, 'metadata.json')),
  );
  if (run !== undefined) return openRun(path, run, options);
  const exported = findExport(path);
  if (exported !== undefined) return openOurs(path, exported, options);
  const { formation = asTheyAre } = options;
  const { origin, classNames, ...set } = await openForeign(path, options);
  const sorted = scope(() => byClass(set));
  disposeSet(set);
  return owned({ path, origin, ...sorted, formation, ...(classNames && { classNames }) });
}

async function openOurs(
  path: string,
  found: FoundExport,
  options: OpenSetOptions,
): Promise<DistilledImages> {
  const { formation, dataset, classNames, normalization, stepSize } = found.description;
  requireNoOther(join(found.folder, descriptionFile), formation, options);
  const { images, labels, probabilities } = await openExport(found);
  const soft = probabilities && { probabilities };
  const step = stepSize !== undefined && { stepSize };
  const told = { formation, classNames, dataset, normalization, ...step };
  return owned({ path, origin: 'export', images, labels, ...soft, ...told });
}

/** What a set says of itself is not to be said otherwise. */
function requireNoOther(
  path: string,
  own: Formation,
  { formation, normalized }: OpenSetOptions,
): void {
  if (normalized !== undefined) {
    throw new UsageError(
      `${path} says that its images are in [0, 1], not normalised: leave --normalized out`,
    );
  }
  if (formation !== undefined && !isDeepStrictEqual(formation, own)) {
    throw new UsageError(
      `${path} says that its images are decoded by ${JSON.stringify(own)}, not by ${JSON.stringify(formation)}: leave --factor out`,
    );
  }
}

function owned(set: Omit<DistilledImages, typeof Symbol.dispose>): DistilledImages {
  return {
    ...set,
    [Symbol.dispose]: () => {
      for (const tensor of [set.images, set.labels, set.probabilities]) tensor?.dispose();
    },
  };
}

function openRun(path: string, folder: string, options: OpenSetOptions): DistilledImages {
  const { images, metadata } = loadDistilled(folder, 'cpu');
  const { classNames, formation, dataset, imagesPerClass, normalization, stepSize } = metadata;
  const classes = classNames.length;
  try {
    requireNoOther(join(folder, 'metadata.json'), formation, options);
    const decoded = classes * decodedPerClass(formation, imagesPerClass);
    const soft = loadSoftLabels(folder, [decoded, classes]);
    return owned({
      path,
      origin: 'run',
      images,
      labels: labelsByClass(classes, imagesPerClass, 'cpu'),
      ...(soft && { probabilities: soft.probabilities }),
      formation,
      ...(stepSize !== undefined && { stepSize }),
      classNames,
      dataset,
      normalization,
    });
  } catch (error) {
    images.dispose();
    throw error;
  }
}

async function openForeign(
  path: string,
  { normalized, channels = 3 }: OpenSetOptions,
): Promise<LabelledSet & Pick<DistilledImages, 'origin'>> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) {
    throw new UsageError(
      `there is no ${path}; name a run directory, an export, a .pt, .npz, .safetensors or .parquet file, or a folder of class folders`,
    );
  }
  if (found.isDirectory()) return { origin: 'folder', ...(await openPictures(path, channels)) };
  switch (extname(path)) {
    case '.pt':
    case '.pth':
      return { origin: 'pt', ...readPair(path, normalized ? { normalized } : {}) };
    case '.npz':
      return { origin: 'npz', ...(await openArrays(path)) };
    case '.safetensors':
      return { origin: 'safetensors', ...(await openArrays(path)) };
    case '.parquet':
      return { origin: 'parquet', ...(await openParquetPictures(path, channels)) };
  }
  throw new UsageError(
    `${path} is no distilled set that can be read; expected a run directory, an export, a .pt, .npz, .safetensors or .parquet file, or a folder of class folders`,
  );
}

/** Stable: images of a class keep their order. */
function byClass({ images, labels }: ImagePair): ImagePair {
  const classes = Array.from(labels.toArray(), Number);
  const order = classes.map((_, index) => index).sort((a, b) => classes[a]! - classes[b]!);
  const index = tensor(order, [order.length], 'int64');
  return { images: images.indexSelect(0, index), labels: labels.indexSelect(0, index) };
}

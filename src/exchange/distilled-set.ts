import { existsSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import {
  type Dataset,
  loadWholeArrays,
  type Normalization,
  openWholeFolder,
  pixelsPerImage,
  pixelsToTensor,
  probePicture,
} from '../data/index.js';
import { decode, decodedPerClass, type Formation, labelsByClass } from '../distill/index.js';
import { loadDistilled, loadSoftLabels } from '../tasks/index.js';
import { noGrad, scope, type Tensor, tensor, UsageError } from '../tensor/index.js';
import { type ImagePair, readPair } from './official-pair.js';

export interface OpenSetOptions {
  /** How stored images become training images; a run's set says so itself. Default: they are training images. */
  readonly formation?: Formation;
  /** What the images of a `.pt` file were normalised with, where they are not in [0, 1]. */
  readonly normalized?: Normalization;
  /** Channels that pictures in files are decoded into; colour when left out. */
  readonly channels?: 1 | 3;
}

/** A distilled set, ours or another project's. Owns its tensors. */
export interface DistilledImages extends Disposable {
  readonly path: string;
  readonly origin: 'run' | 'pt' | 'npz' | 'safetensors' | 'folder';
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
  readonly dataset?: { readonly name: string; readonly hash: string };
}

const asTheyAre: Formation = { mode: 'single', factor: 1 };

/**
 * Opens a distilled set wherever it comes from: a run directory or its folder `distilled`, a `.pt` file
 * `[images, labels]`, a `.npz` or `.safetensors` file with images and labels, or a folder of class folders of pictures.
 * Images in other orders are put class by class.
 *
 * @throws UsageError naming the file when there is none, or it does not hold such a set.
 */
export async function openDistilledSet(
  path: string,
  options: OpenSetOptions = {},
): Promise<DistilledImages> {
  const run = [path, join(path, 'distilled')].find((folder) =>
    existsSync(join(folder, 'metadata.json')),
  );
  if (run !== undefined) return openRun(path, run);
  const { formation = asTheyAre } = options;
  const { origin, pair, classNames } = await openForeign(path, options);
  const sorted = scope(() => byClass(pair));
  pair.images.dispose();
  pair.labels.dispose();
  return owned({ path, origin, ...sorted, formation, ...(classNames && { classNames }) });
}

function owned(set: Omit<DistilledImages, typeof Symbol.dispose>): DistilledImages {
  return {
    ...set,
    [Symbol.dispose]: () => {
      for (const tensor of [set.images, set.labels, set.probabilities]) tensor?.dispose();
    },
  };
}

function openRun(path: string, folder: string): DistilledImages {
  const { images, metadata } = loadDistilled(folder, 'cpu');
  const { classNames, formation, dataset, imagesPerClass } = metadata;
  const classes = classNames.length;
  try {
    const decoded = classes * decodedPerClass(formation, imagesPerClass);
    const soft = loadSoftLabels(folder, [decoded, classes]);
    return owned({
      path,
      origin: 'run',
      images,
      labels: labelsByClass(classes, imagesPerClass, 'cpu'),
      ...(soft && { probabilities: soft.probabilities }),
      formation,
      classNames,
      dataset,
    });
  } catch (error) {
    images.dispose();
    throw error;
  }
}

interface Foreign {
  readonly origin: DistilledImages['origin'];
  readonly pair: ImagePair;
  readonly classNames?: readonly string[];
}

async function openForeign(
  path: string,
  { normalized, channels = 3 }: OpenSetOptions,
): Promise<Foreign> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) {
    throw new UsageError(
      `there is no ${path}; name a run directory, a .pt, .npz or .safetensors file, or a folder of class folders`,
    );
  }
  if (found.isDirectory()) return openPictures(path, channels);
  const ending = extname(path);
  switch (ending) {
    case '.pt':
    case '.pth':
      return { origin: 'pt', pair: readPair(path, normalized ? { normalized } : {}) };
    case '.npz':
    case '.safetensors': {
      const dataset = await loadWholeArrays(path);
      const origin = ending === '.npz' ? 'npz' : 'safetensors';
      return { origin, pair: pairOf(dataset), classNames: dataset.classNames };
    }
  }
  throw new UsageError(
    `${path} is no distilled set that can be read; expected a .pt, .npz or .safetensors file, a run directory, or a folder of class folders`,
  );
}

/** Pictures must be of one size, and square: they were distilled at it, and scaling would change them. */
async function openPictures(path: string, channels: 1 | 3): Promise<Foreign> {
  const files = await openWholeFolder(path, { channels, size: 1 });
  const sizes = await Promise.all(
    Array.from(files.labels, (_, index) => probePicture(files.describe(index))),
  );
  const size = sizes[0]!.height;
  const odd = sizes.findIndex(({ width, height }) => width !== size || height !== size);
  if (odd >= 0) {
    const { width, height } = sizes[odd]!;
    throw new UsageError(
      `${files.describe(odd)} is ${width}×${height}; expected square pictures of one size, ${size}×${size} as the first`,
    );
  }
  const source = await openWholeFolder(path, { channels, size });
  const perImage = pixelsPerImage(source.shape);
  const pixels = new Uint8Array(source.labels.length * perImage);
  for (let index = 0; index < source.labels.length; index++)
    pixels.set(await source.decode(index), index * perImage);
  const images = scope(() => pixelsToTensor(pixels, source.labels.length, source.shape, 'cpu'));
  const labels = tensor(Array.from(source.labels), [source.labels.length], 'int64');
  return { origin: 'folder', pair: { images, labels }, classNames: source.classNames };
}

function pairOf(dataset: Dataset): ImagePair {
  const count = dataset.labels.length;
  const pixels = dataset.read(Int32Array.from({ length: count }, (_, index) => index));
  return {
    images: scope(() => pixelsToTensor(pixels, count, dataset.shape, 'cpu')),
    labels: tensor(Array.from(dataset.labels), [count], 'int64'),
  };
}

/** Stable: images of a class keep their order. */
function byClass({ images, labels }: ImagePair): ImagePair {
  const classes = Array.from(labels.toArray(), Number);
  const order = classes.map((_, index) => index).sort((a, b) => classes[a]! - classes[b]!);
  const index = tensor(order, [order.length], 'int64');
  return { images: images.indexSelect(0, index), labels: labels.indexSelect(0, index) };
}

/** The training images of a set, and their labels; the caller's. */
export interface DecodedImages {
  readonly images: Tensor;
  readonly labels: Tensor;
  readonly probabilities?: Tensor;
}

/**
 * Decodes a set into training images [n, c, h, w] for a dataset on which networks trained on it will be tested, with its
 * labels [n] (int64) in that dataset's numbers.
 *
 * @throws UsageError when the images have another size, or the classes are not those of the dataset.
 */
export function decodeFor(set: DistilledImages, dataset: Dataset): DecodedImages {
  const { path, images, formation } = set;
  const { channels, height, width } = dataset.shape;
  if (images.shape.slice(1).join() !== [channels, height, width].join()) {
    throw new UsageError(
      `${path} holds images of ${images.shape.slice(1).join('×')}, ${dataset.name} has ${channels}×${height}×${width}`,
    );
  }
  const labels = labelsFor(set, dataset);
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const equal = new Set(counts.values()).size === 1;
  if (!equal && formation.mode !== 'single') {
    throw new UsageError(
      `${path} has different numbers of images of its classes, which formation mode ${formation.mode} does not allow`,
    );
  }
  const perImage =
    formation.mode === 'single'
      ? formation.factor ** 2
      : decodedPerClass(formation, counts.get(labels[0]!)!) / counts.get(labels[0]!)!;
  return scope(() => ({
    images: noGrad(() => decode(images, equal ? counts.size : 1, formation).clone()),
    labels: repeatedLabels(labels, counts, perImage),
    ...(set.probabilities && { probabilities: set.probabilities.clone() }),
  }));
}

/** Each class's labels as often as it has training images, in the order of the classes in the set. */
function repeatedLabels(
  labels: readonly number[],
  counts: ReadonlyMap<number, number>,
  perImage: number,
): Tensor {
  const repeated = [...new Set(labels)].flatMap((label) =>
    new Array<number>(Math.round(counts.get(label)! * perImage)).fill(label),
  );
  return tensor(repeated, [repeated.length], 'int64');
}

/** The set's labels in the dataset's numbers. */
function labelsFor({ path, labels, classNames }: DistilledImages, dataset: Dataset): number[] {
  const numbers = Array.from(labels.toArray(), Number);
  const classes = dataset.classNames.length;
  const named = classNames && numbersByName(classNames, dataset.classNames);
  if (classNames !== undefined && named === undefined && !isNumbered(classNames)) {
    throw new UsageError(
      `${path} has the classes ${listed(classNames)}; those of ${dataset.name} are ${listed(dataset.classNames)}. Name its classes alike, or number them from 0`,
    );
  }
  const result = numbers.map((number) => named?.[number] ?? number);
  const present = new Set(result);
  const missing = dataset.classNames.find((_, label) => !present.has(label));
  const largest = result.reduce((most, label) => Math.max(most, label), 0);
  if (largest >= classes) {
    throw new UsageError(`${path} has a class ${largest}; ${dataset.name} has ${classes} classes`);
  }
  if (missing !== undefined) {
    throw new UsageError(`${path} has no image of ${dataset.name}'s class '${missing}'`);
  }
  return result;
}

/** The dataset's number of each of the set's classes; undefined unless all are found. */
function numbersByName(own: readonly string[], wanted: readonly string[]): number[] | undefined {
  const plain = (name: string): string =>
    name
      .replace(/^\d+-/, '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]+/gu, '-');
  const known = wanted.map(plain);
  const numbers = own.map((name) => known.indexOf(plain(name)));
  return numbers.includes(-1) || new Set(numbers).size < own.length ? undefined : numbers;
}

/** '0', '1', …: names that say nothing but the number. */
function isNumbered(names: readonly string[]): boolean {
  return names.every((name, index) => Number(name) === index);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => `'${name}'`);
  return names.length > 5 ? `${shown.join(', ')}, … (${names.length})` : shown.join(', ');
}

import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { UsageError } from '../../core/index.js';
import { compressors } from '../../data/formats/parquet-pages.js';
import { parsing } from '../../data/formats/read-file.js';
import { labelsByClass } from '../../distill/index.js';
import { loadPt, loadSafetensors, scope, Tensor, tensor, tensorsIn } from '../../tensor/index.js';
import { descriptionFile, type ExportDescription, readDescription } from '../export/description.js';
import { dataFiles, softLabelFiles, softLabelsName } from '../export/files.js';
import { readPair } from '../official-pair.js';
import { unnormalized } from '../unnormalized.js';
import { tensorsOfNpz } from './arrays.js';
import { disposeSet, type LabelledSet } from './labelled-set.js';
import { decodePictures, openParquetPictures, pictureFile } from './pictures.js';

/** An export and the folder that it is in. */
export interface FoundExport {
  readonly folder: string;
  readonly description: ExportDescription;
}

/**
 * The export that a path names: its folder, or the file in it that holds the images. Undefined where there is none.
 *
 * @throws UsageError for a description that is damaged.
 */
export function findExport(path: string): FoundExport | undefined {
  for (const folder of [path, dirname(resolve(path)), dirname(dirname(resolve(path)))]) {
    const description = readDescription(folder);
    if (description === undefined) continue;
    const file = dataFiles[description.format];
    if (folder === path || resolve(folder, file) === resolve(path)) return { folder, description };
  }
  return undefined;
}

/**
 * An export as it was written: images, labels and soft labels, class by class; the caller's.
 *
 * @throws UsageError naming the file that is missing, damaged or does not hold what the description announces.
 */
export async function openExport(found: FoundExport): Promise<LabelledSet> {
  const { folder, description } = found;
  const set = await readers[description.format](folder, description);
  try {
    return scope(() => checked(set, found));
  } finally {
    disposeSet(set);
  }
}

type Reader = (folder: string, description: ExportDescription) => Promise<LabelledSet>;

const readers: Readonly<Record<ExportDescription['format'], Reader>> = {
  pt: async (folder, { softLabels }) => {
    const pair = readPair(join(folder, dataFiles.pt));
    return softLabels
      ? withSoftLabels(pair, () => onlyTensor(join(folder, softLabelFiles.pt)))
      : pair;
  },
  safetensors: async (folder) => {
    const path = join(folder, dataFiles.safetensors);
    return named(loadSafetensors(path).tensors, path);
  },
  npz: async (folder) => {
    const path = join(folder, dataFiles.npz);
    return named(await tensorsOfNpz(path, ['images', 'labels', softLabelsName]), path);
  },
  png: openPng,
  parquet: async (folder, { shape, softLabels }) => {
    const path = join(folder, dataFiles.parquet);
    const set = await openParquetPictures(path, shape.channels as 1 | 3);
    return softLabels ? withSoftLabels(set, () => softColumn(path)) : set;
  },
};

async function openPng(
  folder: string,
  { folders = [], imagesPerClass, shape, softLabels }: ExportDescription,
): Promise<LabelledSet> {
  const pictures = folders.flatMap((name) => {
    const files = picturesIn(join(folder, name));
    if (files.length === imagesPerClass) return files.map(pictureFile);
    throw new UsageError(
      `${join(folder, name)} holds ${files.length} pictures; ${descriptionFile} announces ${imagesPerClass}. Export the set again`,
    );
  });
  const images = await decodePictures(pictures, shape.channels as 1 | 3);
  const set = { images, labels: labelsByClass(folders.length, imagesPerClass, 'cpu') };
  if (!softLabels) return set;
  const path = join(folder, softLabelFiles.png);
  return withSoftLabels(set, async () => {
    const tensors = await tensorsOfNpz(path, [softLabelsName]);
    return tensors.get(softLabelsName) ?? missing(path, softLabelsName);
  });
}

function picturesIn(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.png') && name[0] !== '.');
    return names.sort().map((name) => join(folder, name));
  } catch (cause) {
    throw new UsageError(`${folder} could not be read: ${(cause as Error).message}`, { cause });
  }
}

async function withSoftLabels(
  set: LabelledSet,
  read: () => Tensor | Promise<Tensor>,
): Promise<LabelledSet> {
  try {
    return { ...set, probabilities: await read() };
  } catch (error) {
    disposeSet(set);
    throw error;
  }
}

function named(tensors: ReadonlyMap<string, Tensor>, path: string): LabelledSet {
  const [images, labels, probabilities] = ['images', 'labels', softLabelsName].map((name) =>
    tensors.get(name),
  );
  if (images && labels) return { images, labels, probabilities };
  for (const tensor of tensors.values()) tensor.dispose();
  return missing(path, images ? 'labels' : 'images');
}

function missing(path: string, name: string): never {
  throw new UsageError(`${path} has no array '${name}'. Export the set again`);
}

function onlyTensor(path: string): Tensor {
  const stored = loadPt(path);
  if (stored instanceof Tensor) return stored;
  for (const tensor of tensorsIn(stored)) tensor.dispose();
  throw new UsageError(`${path} does not hold one tensor. Export the set again`);
}

async function softColumn(path: string): Promise<Tensor> {
  const rows = await parsing(path, async () =>
    parquetReadObjects({
      file: await asyncBufferFromFile(path),
      columns: [softLabelsName],
      compressors,
    }),
  );
  const lists = rows.map((row) => row[softLabelsName] as unknown);
  const width = Array.isArray(lists[0]) ? lists[0].length : 0;
  const sound = (list: unknown): list is number[] =>
    Array.isArray(list) && list.length === width && list.every(Number.isFinite);
  if (!lists.every(sound)) {
    throw new UsageError(`${path}: ${softLabelsName} are no lists of ${width} numbers`);
  }
  return tensor(Float32Array.from(lists.flat()), [lists.length, width]);
}

/** A set that is what its description announces, with tensors of its own. */
function checked(
  { images, labels, probabilities }: LabelledSet,
  { folder, description }: FoundExport,
): LabelledSet {
  const { classNames, imagesPerClass, shape, format, softLabels } = description;
  const { channels, height, width } = shape;
  const classes = classNames.length;
  const count = classes * imagesPerClass;
  const path = join(folder, dataFiles[format]);
  const expectShape = (
    what: string,
    { shape: found }: Tensor,
    expected: readonly number[],
  ): void => {
    if (found.join() === expected.join()) return;
    throw new UsageError(
      `${path}: its ${what} are [${found.join(', ')}]; ${descriptionFile} beside it announces [${expected.join(', ')}]. Export the set again`,
    );
  };
  expectShape('images', images, [count, channels, height, width]);
  expectShape('labels', labels, [count]);
  const expected = labelsByClass(classes, imagesPerClass, 'cpu');
  if (String(labels.toArray()) !== String(expected.toArray())) {
    throw new UsageError(
      `${path}: its labels are not ${imagesPerClass} of each class in order, which ${descriptionFile} beside it announces. Export the set again`,
    );
  }
  if (softLabels !== (probabilities !== undefined)) missing(path, softLabelsName);
  if (probabilities) expectShape('soft labels', probabilities, [count, classes]);
  return {
    images: unnormalized(images.to('float32'), { source: path }),
    labels: expected,
    ...(probabilities && { probabilities: probabilities.to('float32').clone() }),
    classNames,
  };
}

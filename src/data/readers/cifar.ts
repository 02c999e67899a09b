import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../core/errors.js';
import type { Normalization } from '../../core/image-shape.js';
import { dataFolders, type LoadOptions, notFound } from '../catalog/data-folders.js';
import { arrayDataset } from '../dataset/array-dataset.js';
import type { Dataset, DatasetPair } from '../dataset/dataset.js';
import { parsing, readWholeFile } from '../formats/read-file.js';
import { parseCifarPickle, parseNames } from './cifar-pickle.js';

// https://www.cs.toronto.edu/~kriz/cifar.html: in the binary files one row per image: the label (CIFAR-100: coarse,
// then fine), then 3072 bytes: red, green, blue, each row by row. In the Python files the same bytes as an array.

const imageShape = { channels: 3, height: 32, width: 32 };
const pixelsPerRow = 3 * 32 * 32;

/** As in the official code. */
const customaryNormalization: Normalization = {
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.2023, 0.1994, 0.201],
};

export interface Cifar100Options extends LoadOptions {
  /** 100 fine labels (the default) or 20 coarse ones. */
  readonly labels?: 'fine' | 'coarse' | undefined;
}

/** One of the two forms in which a set is published. */
interface Form {
  /** The folder that the archive unpacks to. */
  readonly folder: string;
  readonly train: readonly string[];
  readonly test: string;
  /** Where the classes are named. */
  readonly names: (folder: string) => Promise<string[]>;
  readonly read: (bytes: Buffer) => Rows;
}

interface Rows {
  readonly labels: ArrayLike<number>;
  /** Channels first. */
  readonly pixels: Uint8Array;
}

/**
 * CIFAR-10: 50,000 + 10,000 pictures of 32×32 in 10 classes (Krizhevsky, 2009), from its binary or its Python files.
 *
 * @throws UsageError if the files are missing, naming every place searched, or damaged.
 */
export function loadCifar10(options: LoadOptions = {}): Promise<DatasetPair> {
  const numbers = [1, 2, 3, 4, 5];
  return load('cifar-10', options, [
    {
      folder: 'cifar-10-batches-bin',
      train: numbers.map((number) => `data_batch_${number}.bin`),
      test: 'test_batch.bin',
      names: (folder) => readLines(join(folder, 'batches.meta.txt')),
      read: (bytes) => binaryRows(bytes, 1, 0),
    },
    {
      folder: 'cifar-10-batches-py',
      train: numbers.map((number) => `data_batch_${number}`),
      test: 'test_batch',
      names: (folder) => readNames(join(folder, 'batches.meta'), 'label_names'),
      read: (bytes) => parseCifarPickle(bytes, 'labels'),
    },
  ]);
}

/**
 * CIFAR-100: 50,000 + 10,000 pictures of 32×32 in 100 classes, or their 20 groups (Krizhevsky, 2009), from its binary or
 * its Python files.
 *
 * @throws UsageError if the files are missing, naming every place searched, or damaged.
 */
export function loadCifar100(options: Cifar100Options = {}): Promise<DatasetPair> {
  const { labels = 'fine' } = options;
  return load('cifar-100', options, [
    {
      folder: 'cifar-100-binary',
      train: ['train.bin'],
      test: 'test.bin',
      names: (folder) => readLines(join(folder, `${labels}_label_names.txt`)),
      read: (bytes) => binaryRows(bytes, 2, labels === 'fine' ? 1 : 0),
    },
    {
      folder: 'cifar-100-python',
      train: ['train'],
      test: 'test',
      names: (folder) => readNames(join(folder, 'meta'), `${labels}_label_names`),
      read: (bytes) => parseCifarPickle(bytes, `${labels}_labels`),
    },
  ]);
}

async function load(
  name: string,
  { root }: LoadOptions,
  forms: readonly Form[],
): Promise<DatasetPair> {
  const { form, folder } = find(name, root, forms);
  const classNames = await form.names(folder);
  const train = await readPart(name, 'train', folder, form.train, classNames, form);
  const test = await readPart(name, 'test', folder, [form.test], classNames, form);
  return { train, test };
}

function find(name: string, root: string | undefined, forms: readonly Form[]) {
  const inside = forms.map(({ folder }) => folder);
  const folders = dataFolders(name, { root, inside });
  for (const folder of folders) {
    for (const form of forms) {
      const files = [...form.train, form.test];
      const missing = files.filter((file) => !existsSync(join(folder, file)));
      if (missing.length === 0) return { form, folder };
      // CIFAR-100's Python files are called train and test, as other things are, and other folders, too.
      if (missing.length === files.length || files.length <= 2) continue;
      throw new UsageError(
        `${folder}: some files of ${name} are here, but not ${missing.join(', ')}; put all in one folder`,
      );
    }
  }
  throw notFound(name, folders);
}

async function readPart(
  name: string,
  split: string,
  folder: string,
  files: readonly string[],
  classNames: readonly string[],
  form: Form,
): Promise<Dataset> {
  const labels: number[] = [];
  const parts: Uint8Array[] = [];
  for (const file of files) {
    const path = join(folder, file);
    const bytes = await readWholeFile(path);
    const rows = await parsing(path, () => form.read(bytes));
    parts.push(rows.pixels);
    for (let index = 0; index < rows.labels.length; index++) {
      const label = rows.labels[index]!;
      if (Number.isInteger(label) && label >= 0 && label < classNames.length) {
        labels.push(label);
        continue;
      }
      throw new UsageError(
        `${path}: image ${index} has label ${label}; expected one from 0 to ${classNames.length - 1}: the file is damaged; get it again`,
      );
    }
  }
  return arrayDataset({
    name,
    split,
    shape: imageShape,
    pixels: new Uint8Array(Buffer.concat(parts)),
    labels,
    classNames,
    normalization: customaryNormalization,
    source: { pixels: folder, labels: folder },
  });
}

/** @param labels bytes before each image @param which of them is the label */
function binaryRows(bytes: Buffer, labels: number, which: number): Rows {
  const row = labels + pixelsPerRow;
  if (bytes.length === 0 || bytes.length % row !== 0) {
    throw new Error(
      `it has ${bytes.length} bytes; expected a multiple of ${row} (${labels} for the label, ${pixelsPerRow} for the image): it is truncated or damaged; get it again`,
    );
  }
  const count = bytes.length / row;
  const pixels = new Uint8Array(count * pixelsPerRow);
  for (let index = 0; index < count; index++) {
    pixels.set(bytes.subarray(index * row + labels, (index + 1) * row), index * pixelsPerRow);
  }
  return {
    labels: Uint8Array.from({ length: count }, (_, index) => bytes[index * row + which]!),
    pixels,
  };
}

async function readLines(path: string): Promise<string[]> {
  const text = (await readWholeFile(path)).toString('utf8');
  return checkNames(
    path,
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  );
}

async function readNames(path: string, key: string): Promise<string[]> {
  const bytes = await readWholeFile(path);
  return checkNames(path, await parsing(path, () => parseNames(bytes, key)));
}

function checkNames(path: string, names: string[]): string[] {
  if (names.length >= 2 && new Set(names).size === names.length) return names;
  throw new UsageError(
    `${path}: it names ${names.length} classes; expected at least two, all different; get it again`,
  );
}

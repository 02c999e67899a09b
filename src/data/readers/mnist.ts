import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../core/errors.js';
import type { Normalization } from '../../core/image-shape.js';
import { dataFolders, type LoadOptions, notFound } from '../catalog/data-folders.js';
import { arrayDataset } from '../dataset/array-dataset.js';
import type { DatasetPair } from '../dataset/dataset.js';
import { type IdxPair, readIdxPair } from '../formats/idx.js';

/** A dataset in MNIST's layout: four IDX files in one directory. */
export interface MnistLike {
  readonly name: string;
  readonly classNames: readonly string[];
  /** Default: computed from the training images. */
  readonly normalization?: Normalization;
  /** Searched in order; the first that holds any of the files is used. */
  readonly directories: readonly string[];
  /** What a user without the files should do, as the end of a sentence. */
  readonly howToGet: string;
}

export const digitNames: readonly string[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

const garments = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

const fashionPackage = 'dataset-fashion-mnist';
const fashionPackageDirectory = '/usr/share/datasets/fashion-mnist';

const fileNames = {
  trainImages: 'train-images-idx3-ubyte',
  trainLabels: 'train-labels-idx1-ubyte',
  testImages: 't10k-images-idx3-ubyte',
  testLabels: 't10k-labels-idx1-ubyte',
} as const;
const fileList = Object.values(fileNames).join(', ');

type FileRole = keyof typeof fileNames;

/**
 * Fashion-MNIST: 60,000 + 10,000 garments of 28×28 in 10 classes (Xiao et al., arXiv 1708.07747).
 * Without a root it looks in $NCFM_DATA/fashion-mnist, ./data/fashion-mnist and Debian's package.
 *
 * @throws UsageError if the files are missing or damaged.
 */
export function loadFashionMnist(options: LoadOptions = {}): Promise<DatasetPair> {
  const name = 'fashion-mnist';
  return loadMnistLike({
    name,
    classNames: garments,
    normalization: { mean: [0.2861], std: [0.353] },
    directories: dataFolders(name, { ...options, installed: [fashionPackageDirectory] }),
    howToGet:
      `get them with: ncfm data get ${name}, or on Debian and Ubuntu: apt-get install ${fashionPackage}, or put ` +
      `${fileList} (each plain or .gz) in ./data/fashion-mnist, or in a directory named as the root`,
  });
}

/**
 * MNIST: 60,000 + 10,000 handwritten digits of 28×28 (LeCun et al., 1998).
 * Without a root it looks in $NCFM_DATA/mnist and ./data/mnist.
 *
 * @throws UsageError if the files are missing or damaged.
 */
export function loadMnist(options: LoadOptions = {}): Promise<DatasetPair> {
  const name = 'mnist';
  return loadMnistLike({
    name,
    classNames: digitNames,
    normalization: { mean: [0.1307], std: [0.3081] },
    directories: dataFolders(name, options),
    howToGet:
      `get them with: ncfm data get ${name}, or put ${fileList} (each plain or .gz) in ./data/mnist, or in a ` +
      'directory named as the root',
  });
}

/**
 * Loads a dataset that comes as MNIST's four files, each plain or gzip-compressed, spelled
 * `train-images-idx3-ubyte` or `train-images.idx3-ubyte`.
 *
 * @throws UsageError if the files are missing (naming every place searched), damaged, or don't fit.
 */
export async function loadMnistLike(source: MnistLike): Promise<DatasetPair> {
  const paths = await findFiles(source);
  const [train, test] = await Promise.all([
    readIdxPair({ images: paths.trainImages, labels: paths.trainLabels }),
    readIdxPair({ images: paths.testImages, labels: paths.testLabels }),
  ]);
  checkSameSize(paths, train, test);
  const { name, classNames, normalization } = source;
  const trainDataset = arrayDataset({
    name,
    split: 'train',
    ...train,
    classNames,
    ...(normalization && { normalization }),
    source: { pixels: paths.trainImages, labels: paths.trainLabels },
  });
  const testDataset = arrayDataset({
    name,
    split: 'test',
    ...test,
    classNames,
    normalization: trainDataset.normalization,
    source: { pixels: paths.testImages, labels: paths.testLabels },
  });
  return { train: trainDataset, test: testDataset };
}

async function findFiles(source: MnistLike): Promise<Record<FileRole, string>> {
  for (const directory of source.directories) {
    const present = new Set(await list(directory));
    const found = Object.entries(fileNames).map(([role, standard]) => {
      const file = spellings(standard).find((spelling) => present.has(spelling));
      return { role, standard, file };
    });
    const missing = found.filter(({ file }) => file === undefined);
    if (missing.length === found.length) continue;
    if (missing.length > 0) {
      throw new UsageError(
        `${directory}: some files of ${source.name} are here, but not ` +
          `${missing.map(({ standard }) => standard).join(', ')} (plain or .gz); put all four in one directory`,
      );
    }
    const paths = found.map(({ role, file }) => [role, join(directory, file!)]);
    return Object.fromEntries(paths) as Record<FileRole, string>;
  }
  throw notFound(source.name, source.directories, source.howToGet);
}

function spellings(standard: string): string[] {
  const dotted = standard.replace('-idx', '.idx');
  return [standard, `${standard}.gz`, dotted, `${dotted}.gz`];
}

async function list(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw new UsageError(`${directory}: the directory can't be read (${code})`, { cause });
  }
}

function checkSameSize(paths: Record<FileRole, string>, train: IdxPair, test: IdxPair): void {
  const { height, width } = train.shape;
  if (height === test.shape.height && width === test.shape.width) return;
  throw new UsageError(
    `${paths.trainImages} holds images of ${height}×${width}, but ${paths.testImages} holds images of ` +
      `${test.shape.height}×${test.shape.width}; expected one size: take both files from the same download`,
  );
}

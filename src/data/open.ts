import { stat } from 'node:fs/promises';
import { nearest, UsageError } from '../core/errors.js';
import type { Normalization } from '../core/image-shape.js';
import type { DecodingProgress } from './cache/open-pair.js';
import type { Dataset, DatasetPair } from './dataset/dataset.js';
import type { PictureSource } from './decoding/picture-source.js';
import { remarkableBrightness } from './inspection/brightness.js';
import {
  type DatasetDefinition,
  type DatasetName,
  isKnownDataset,
  knownDatasets,
  type OwnDataset,
  ownDatasets,
} from './names.js';
import { holdOutTest } from './readers/hold-out-test.js';
import { type ImageNetSubsetName, imageNetSubsetNames } from './readers/imagenet-classes.js';
import { SkippedFiles } from './readers/notes.js';

/** Which data to open: a dataset known by name, or a path of one's own. */
export interface DatasetSelection {
  /** One of `knownDatasets`; else `path` is given. */
  readonly name?: string | undefined;
  /** A folder of class folders or of parquet files, or a `.npz`, `.safetensors` or `.parquet` file. */
  readonly path?: string | undefined;
  /** Folder of a named dataset; the usual places when left out. */
  readonly root?: string | undefined;
  /** Which labels, where a dataset has two sets of them. Default: the fine ones. */
  readonly labels?: 'fine' | 'coarse' | undefined;
  /** Side in pixels of pictures that are decoded. Default: chosen by the pictures. */
  readonly size?: number | 'auto';
  /** Channels of pictures that are decoded. Default: 1 when all are grey. */
  readonly channels?: 1 | 3 | 'auto';
  /** Share of each class held out for testing where the data has no test part, in (0, 1). Default: 0.2. */
  readonly testShare?: number;
  /** Damaged pictures: `stop` (the default) tells all of them in an error, `skip` leaves them out. */
  readonly onDamaged?: 'stop' | 'skip';
}

export interface OpenOptions {
  /** Folder that keeps decoded pictures. */
  readonly cache: string;
  readonly onProgress?: (progress: DecodingProgress) => void;
  /** Told what was chosen for the data, and what is remarkable about it. */
  readonly onNote?: (message: string) => void;
  /** Told what is probably wrong with the data, or left out of it. Default: `onNote`. */
  readonly onWarning?: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Data that has been found: images in memory, or pictures that are still to be decoded. */
export type OpenedSource =
  | { readonly kind: 'images'; readonly pair: DatasetPair }
  | {
      readonly kind: 'pictures';
      readonly train: PictureSource;
      readonly test: PictureSource;
      /** The customary one; else it is computed. */
      readonly normalization?: Normalization;
    };

type Opener = (
  selection: DatasetSelection,
  onNote: (message: string) => void,
) => Promise<OpenedSource>;

// A reader is loaded when it is asked for: the libraries below them take a while to load.
const openers = {
  digits: async () => images(await (await import('./readers/digits.js')).loadDigits()),
  mnist: async ({ root }) =>
    images(await (await import('./readers/mnist.js')).loadMnist(given({ root }))),
  'fashion-mnist': async ({ root }) =>
    images(await (await import('./readers/mnist.js')).loadFashionMnist(given({ root }))),
  'cifar-10': async ({ root }) =>
    images(await (await import('./readers/cifar.js')).loadCifar10({ root })),
  'cifar-100': async ({ root, labels }) =>
    images(await (await import('./readers/cifar.js')).loadCifar100({ root, labels })),
  svhn: async ({ root }) => images(await (await import('./readers/svhn.js')).loadSvhn({ root })),
  'tiny-imagenet': async ({ root }) => {
    const { openTinyImageNet } = await import('./readers/tiny-imagenet.js');
    return { kind: 'pictures', ...(await openTinyImageNet(given({ root }))) };
  },
  ...imageNetSubsets(),
} as const satisfies Readonly<Record<DatasetName, Opener>>;

function imageNetSubsets(): Record<ImageNetSubsetName, Opener> {
  const opener =
    (name: ImageNetSubsetName): Opener =>
    async ({ root, size, testShare }, onNote) => {
      const { openImageNetSubset } = await import('./readers/imagenet-subset.js');
      const skipped = new SkippedFiles();
      const options = { root, size: size === 'auto' ? undefined : size, testFraction: testShare };
      const pair = await openImageNetSubset(name, { ...given(options), onSkipped: skipped.add });
      for (const note of skipped.describe()) onNote(note);
      return { kind: 'pictures', ...pair };
    };
  const entries = imageNetSubsetNames.map((name) => [name, opener(name)]);
  return Object.fromEntries(entries) as Record<ImageNetSubsetName, Opener>;
}

/**
 * Opens a dataset, whatever its format. Pictures are decoded into the cache when it does not hold them yet.
 *
 * @throws UsageError naming the file when the data is missing, damaged or of an unknown format.
 */
export async function openDataset(
  selection: DatasetSelection,
  options: OpenOptions,
): Promise<DatasetPair> {
  const source = await openSource(selection, options.onNote);
  const { cache: folder, onProgress, onNote = () => {}, onWarning = onNote, signal } = options;
  if (source.kind === 'images') {
    // The means of data that has a name are those of the literature.
    const { name, normalization } = source.pair.train;
    if (selection.name === undefined) warnOfBrightness(name, normalization.mean, onWarning);
    return source.pair;
  }
  const { openCachedPair, withoutDamaged } = await import('./cache/open-pair.js');
  const pair = await openCachedPair(source, { folder, onProgress, onNote, signal });
  const data = withoutDamaged(source, pair, { onDamaged: selection.onDamaged, onWarning });
  warnOfBrightness(data.train.name, pair.mean, onWarning);
  return data;
}

function warnOfBrightness(
  name: string,
  mean: readonly number[],
  onWarning: (message: string) => void,
): void {
  const warning = remarkableBrightness(name, mean);
  if (warning !== undefined) onWarning(warning);
}

/**
 * Finds a dataset and reads it as far as it is not made of pictures.
 *
 * @throws UsageError as `openDataset`.
 */
export async function openSource(
  selection: DatasetSelection,
  onNote: (message: string) => void = () => {},
): Promise<OpenedSource> {
  const { name, path } = selection;
  if (name === undefined) {
    if (path !== undefined) return openPath(path, selection, onNote);
    throw new UsageError('give the name or the path of a dataset');
  }
  if (isKnownDataset(name)) return openers[name](selection, onNote);
  const own = ownDatasets.find(name);
  if (own !== undefined) return images(await openOwn(own, selection, onNote));
  const names = knownDatasets();
  const suggestion = nearest(name, names);
  const hint = suggestion === undefined ? '' : `. Did you mean '${suggestion}'?`;
  throw new UsageError(
    `there is no dataset named '${name}'; expected one of ${names.join(', ')}${hint}`,
  );
}

async function openOwn(
  { name, open }: DatasetDefinition,
  { root, labels, size, channels, testShare }: DatasetSelection,
  onNote: (message: string) => void,
): Promise<DatasetPair> {
  return asPair(await open(given({ root, labels, size, channels })), {
    name,
    testShare,
    onNote,
  });
}

/**
 * The two parts of labelled images. Without a test part a share of each class is held out for it, the same at every
 * call, as of files.
 *
 * @throws UsageError where there is no part to test on and none can be held out, or what is given is no dataset
 */
export function asPair(
  data: OwnDataset,
  { name = 'the data', testShare = 0.2, onNote = () => {} }: PairOptions = {},
): DatasetPair {
  const parts = givenParts(data, name);
  const { train, test } = parts;
  if (test !== undefined) return { ...parts, train, test };
  return holdOutTest(train, testShare, train.name, onNote);
}

/** @throws UsageError for what is no dataset, nor an object of one or two */
export function givenParts(
  data: OwnDataset,
  name = 'the data',
): { readonly train: Dataset; readonly test?: Dataset | undefined } {
  const parts = 'train' in data ? data : { train: data };
  const given = [parts.train, ...(parts.test === undefined ? [] : [parts.test])];
  if (given.every((part) => typeof part?.read === 'function' && part.labels !== undefined))
    return parts;
  throw new UsageError(
    `${name}: expected a dataset such as arrayDataset gives, or { train, test } of two`,
  );
}

interface PairOptions {
  readonly name?: string;
  /** In (0, 1). Default: 0.2. */
  readonly testShare?: number | undefined;
  readonly onNote?: (message: string) => void;
}

async function openPath(
  path: string,
  selection: DatasetSelection,
  onNote: (message: string) => void,
): Promise<OpenedSource> {
  const { size, channels, testShare } = selection;
  if (/\.(npz|safetensors)$/.test(path)) {
    const { loadArrays } = await import('./readers/arrays.js');
    return images(await loadArrays(path, { ...given({ testShare }), onNote }));
  }
  if (/\.parquet$/.test(path) || (await holdsParquet(path))) {
    const { openParquet } = await import('./readers/parquet.js');
    const pair = await openParquet(path, { ...given({ size, channels, testShare }), onNote });
    onNote(`${describeShape(pair.train)}, from ${path}`);
    return { kind: 'pictures', ...pair };
  }
  if (!(await isFolder(path))) {
    throw new UsageError(
      `${path}: expected a folder of class folders, or a .npz, .safetensors or .parquet file`,
    );
  }
  const skipped = new SkippedFiles();
  const { openImageFolder } = await import('./readers/image-folder.js');
  const pair = await openImageFolder(path, {
    ...given({ size, channels, testFraction: testShare }),
    onNote,
    onSkipped: skipped.add,
  });
  for (const note of skipped.describe()) onNote(note);
  return { kind: 'pictures', ...pair };
}

function images(pair: DatasetPair): OpenedSource {
  return { kind: 'images', pair };
}

/** Only what is given. */
function given<T extends object>(options: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof T]: Exclude<T[Key], undefined> };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw new UsageError(
      `${path}: the data can't be read: ${(cause as Error).message}; name where it is with --data <path>`,
      { cause },
    );
  }
}

async function holdsParquet(path: string): Promise<boolean> {
  if (!(await isFolder(path))) return false;
  const { readdir } = await import('node:fs/promises');
  const names = await readdir(path);
  const inside = names.includes('data') ? await readdir(`${path}/data`).catch(() => []) : [];
  return [...names, ...inside].some((name) => name.endsWith('.parquet'));
}

function describeShape({ shape, classNames, labels }: PictureSource): string {
  const { channels, height, width } = shape;
  return `${labels.length} training pictures of ${classNames.length} classes, as ${channels}×${height}×${width}`;
}

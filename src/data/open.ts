import { stat } from 'node:fs/promises';
import { nearest, UsageError } from '../core/errors.js';
import type { Normalization } from '../core/image-shape.js';
import { type DecodingProgress, openCachedPair, withoutDamaged } from './cache/open-pair.js';
import type { DatasetPair } from './dataset/dataset.js';
import type { PictureSource } from './decoding/picture-source.js';
import { remarkableBrightness } from './inspection/brightness.js';
import { loadArrays } from './readers/arrays.js';
import { loadCifar10, loadCifar100 } from './readers/cifar.js';
import { loadDigits } from './readers/digits.js';
import { openImageFolder } from './readers/image-folder.js';
import { imageNetSubsetNames } from './readers/imagenet-classes.js';
import { openImageNetSubset } from './readers/imagenet-subset.js';
import { loadFashionMnist, loadMnist } from './readers/mnist.js';
import { SkippedFiles } from './readers/notes.js';
import { openParquet } from './readers/parquet.js';
import { loadSvhn } from './readers/svhn.js';
import { openTinyImageNet } from './readers/tiny-imagenet.js';

/** Which data to open: a dataset known by name, or a path of one's own. */
export interface DatasetSelection {
  /** One of `datasetNames`; else `path` is given. */
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

const openers: ReadonlyMap<string, Opener> = new Map<string, Opener>([
  ['digits', async () => images(await loadDigits())],
  ['mnist', async ({ root }) => images(await loadMnist(given({ root })))],
  ['fashion-mnist', async ({ root }) => images(await loadFashionMnist(given({ root })))],
  ['cifar-10', async ({ root }) => images(await loadCifar10({ root }))],
  ['cifar-100', async ({ root, labels }) => images(await loadCifar100({ root, labels }))],
  ['svhn', async ({ root }) => images(await loadSvhn({ root }))],
  [
    'tiny-imagenet',
    async ({ root }) => ({ kind: 'pictures', ...(await openTinyImageNet(given({ root }))) }),
  ],
  ...imageNetSubsetNames.map((name): [string, Opener] => [
    name,
    async ({ root, size, testShare }, onNote) => {
      const skipped = new SkippedFiles();
      const options = { root, size: size === 'auto' ? undefined : size, testFraction: testShare };
      const pair = await openImageNetSubset(name, { ...given(options), onSkipped: skipped.add });
      for (const note of skipped.describe()) onNote(note);
      return { kind: 'pictures', ...pair };
    },
  ]),
]);

/** The names that `openDataset` knows. */
export const datasetNames: readonly string[] = [...openers.keys()];

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
    throw new UsageError('Give the name or the path of a dataset.');
  }
  const open = openers.get(name);
  if (open !== undefined) return open(selection, onNote);
  const suggestion = nearest(name, datasetNames);
  const hint = suggestion === undefined ? '' : ` Did you mean '${suggestion}'?`;
  throw new UsageError(
    `There is no dataset named '${name}'; expected one of ${datasetNames.join(', ')}.${hint}`,
  );
}

async function openPath(
  path: string,
  selection: DatasetSelection,
  onNote: (message: string) => void,
): Promise<OpenedSource> {
  const { size, channels, testShare } = selection;
  if (/\.(npz|safetensors)$/.test(path)) {
    return images(await loadArrays(path, { ...given({ testShare }), onNote }));
  }
  if (/\.parquet$/.test(path) || (await holdsParquet(path))) {
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

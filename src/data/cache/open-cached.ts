import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Normalization } from '../../core/image-shape.js';
import { FailureError, messageOf, UsageError } from '../../core/index.js';
import { type Dataset, datasetOf, pixelsPerImage } from '../dataset/dataset.js';
import { MappedImages } from '../dataset/mapped-images.js';
import type { DamagedPicture, PictureSource } from '../decoding/picture-source.js';
import { UnknownScale, type ValueScale } from '../decoding/value-scale.js';
import { buildFlatFile } from './build-flat-file.js';
import { damageError, requireEveryClass } from './damage.js';
import { findEarlier } from './earlier-images.js';
import { FileContents } from './file-contents.js';
import { type FlatFile, fileStem, identityLength, pixelsStart, readEnds } from './flat-file.js';
import { measureScale } from './measure-scale.js';
import { arePixelsWhole } from './verify-pixels.js';

export interface CacheOptions {
  /** Where decoded images are kept; made if it is missing. */
  readonly folder: string;
  /** Pictures being decoded at any time, from 1; default 16. */
  readonly concurrency?: number;
  /** Default: computed from the images. A test part should be given its training part's. */
  readonly normalization?: Normalization | undefined;
  /** Damaged pictures: `stop` (the default) tells all of them in an error, `skip` leaves them out. */
  readonly onDamaged?: 'stop' | 'skip';
  /** Of values of more than 8 bits; default: chosen by all pictures. A test part should be given its training part's. */
  readonly scale?: ValueScale;
  /** Reads every file of the source, and all decoded pixels that are there, whatever is known of them. Default: false. */
  readonly thorough?: boolean;
  /** Told now and then how many files have been read, to know which pictures they are. */
  readonly onReading?: (done: number, total: number) => void;
  readonly onProgress?: (done: number, total: number) => void;
  /** Told when a file in the cache was damaged and is made anew. */
  readonly onNote?: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface CachedPart {
  readonly dataset: Dataset;
  /** The pictures that are not in it. */
  readonly damaged: readonly DamagedPicture[];
  /** What values of more than 8 bits were scaled by; `unknown` where there are none, and nothing was given. */
  readonly scale: ValueScale;
  /** Mean of every channel, in [0, 1]. */
  readonly mean: readonly number[];
}

/** Enough for the decoders of many processors, with reading ahead. */
const defaultConcurrency = 16;

/**
 * A dataset of pictures that are decoded once, into a file that is mapped into memory: images are read from the disk
 * when they are used, so the set may be larger than memory.
 *
 * A present file is used if it is whole, its header is undamaged, and it was made from pictures of the same content, in
 * the same order, with the same labels and classes, decoded in the same way; its pixels are not read for that (see
 * `verifyCached`). A damaged one is made anew: the pictures are there, so there is nothing to ask the user. Files of other
 * pictures are left alone, as sources may change back; what they share with new ones is taken from them.
 *
 * @throws UsageError naming the pictures that can't be decoded, or if there are none; FailureError if the file can't be
 *   written, or a picture changes meanwhile; the signal's reason. No file is left half written.
 */
export async function openCached(source: PictureSource, options: CacheOptions): Promise<Dataset> {
  const { dataset, damaged } = await openPart(source, options);
  const { name, split, labels, classNames } = source;
  const part = { name, split, pictures: labels.length, damaged };
  if (damaged.length === 0) return dataset;
  if (options.onDamaged !== 'skip') throw damageError([part]);
  requireEveryClass(part, classNames, { labels: dataset.labels, all: labels });
  return dataset;
}

/** As `openCached`, whatever is damaged. Throws UsageError if every picture is. */
export async function openPart(source: PictureSource, options: CacheOptions): Promise<CachedPart> {
  const { folder, concurrency = defaultConcurrency, scale = 'unknown', thorough = false } = options;
  checkRequest(source, concurrency);
  const { onReading, signal } = options;
  const contents = await FileContents.open(source, folder, {
    fresh: thorough,
    onProgress: onReading,
    signal,
  });
  const identities = await source.identify(contents);
  if (identities.length !== source.labels.length * identityLength) {
    throw new FailureError(
      `${source.name}: identify gave ${identities.length} bytes for ${source.labels.length} pictures; expected ${identityLength} for each`,
    );
  }
  remember(contents, options);
  const fingerprint = fingerprintOf(source, identities, scale);
  const path = pathOf(source, fingerprint, folder);
  let file = await readMatching(path, fingerprint, options.onNote, thorough);
  if (file !== undefined && (await areMended(source, file))) file = undefined;
  if (file === undefined) {
    const confirm = () => contents.requireUnchanged();
    await build(source, path, { ...options, fingerprint, identities, concurrency, confirm });
    remember(contents, options);
    file = await readMatching(path, fingerprint, undefined, false);
  }
  if (file === undefined) {
    throw new FailureError(
      `${path}: the decoded images of ${source.name} were written, and could not be read back; ` +
        'check the disk, or choose another folder with --cache',
    );
  }
  const { scale: used, normalization } = file.header;
  const dataset = mappedDataset(source, path, file, options.normalization);
  return { dataset, damaged: damagedOf(source, file), scale: used, mean: normalization.mean };
}

/** Where they lie now: the same pictures may have been elsewhere when they were decoded. */
function damagedOf(source: PictureSource, { header }: FlatFile): DamagedPicture[] {
  return header.damaged.map(({ index, place: then, reason }) => {
    const place = source.describe(index);
    return { index, place, reason: reason.replaceAll(then, place) };
  });
}

/** What decoded images are known by: SHA-256 (hex) over everything that they depend on. */
function fingerprintOf(
  { shape, classNames, labels, decoding }: PictureSource,
  identities: Uint8Array,
  scale: ValueScale,
): string {
  const { channels, height, width } = shape;
  const images = labels.length;
  const described = { shape: [channels, height, width], images, classNames, decoding, scale };
  const hash = createHash('sha256').update(`${JSON.stringify(described)}\n`);
  hash.update(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  return hash.update(identities).digest('hex');
}

/** Where a source's decoded images are kept, by what its files hold. */
export async function cachePath(
  source: PictureSource,
  folder: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const contents = await FileContents.open(source, folder, { signal });
  const fingerprint = fingerprintOf(source, await source.identify(contents), 'unknown');
  return pathOf(source, fingerprint, folder);
}

function pathOf(source: PictureSource, fingerprint: string, folder: string): string {
  return join(folder, `${fileStem(source)}-${fingerprint.slice(0, 32)}.images`);
}

function checkRequest(source: PictureSource, concurrency: number): void {
  const { name, labels, classNames } = source;
  if (labels.length === 0)
    throw new UsageError(`${name}: there are no pictures; give at least one`);
  const wrong = labels.findIndex((label) => label < 0 || label >= classNames.length);
  if (wrong !== -1) {
    throw new UsageError(
      `${name}: label ${wrong} is ${labels[wrong]}; expected 0 to ${classNames.length - 1}`,
    );
  }
  if (Number.isSafeInteger(concurrency) && concurrency >= 1) return;
  throw new UsageError(`concurrency is ${concurrency}; expected a whole number from 1`);
}

/** Only saves time: where it can't be written, the files are read again. */
function remember(contents: FileContents, { onNote }: CacheOptions): void {
  try {
    contents.save();
  } catch (cause) {
    onNote?.(
      `which pictures these are can't be remembered, and is found out again: ${messageOf(cause)}`,
    );
  }
}

/** Whether a picture that could not be read then can be now: not all damage lies in the content of a file. */
async function areMended(source: PictureSource, { header }: FlatFile): Promise<boolean> {
  for (const { index } of header.damaged) {
    const decoding = source.decode(index, header.scale);
    if (await decoding.then(Boolean, (cause) => cause instanceof UnknownScale)) return true;
  }
  return false;
}

type BuildRequest = CacheOptions & {
  readonly fingerprint: string;
  readonly identities: Uint8Array;
  readonly concurrency: number;
  readonly confirm: () => Promise<void>;
};

async function build(source: PictureSource, path: string, request: BuildRequest): Promise<void> {
  const { folder, identities, onProgress = () => {}, signal } = request;
  const withScale = async (scale: ValueScale): Promise<void> => {
    using earlier = await findEarlier(source, identities, { folder, scale, signal });
    const read = earlier && ((index: number) => earlier.read(index));
    await buildFlatFile(source, path, { ...request, scale, onProgress, earlier: read });
  };
  try {
    await withScale(request.scale ?? 'unknown');
  } catch (cause) {
    if (!(cause instanceof UnknownScale)) throw cause;
    await withScale(await measureScale(source, request));
  }
}

async function readMatching(
  path: string,
  fingerprint: string,
  onNote: CacheOptions['onNote'],
  thorough: boolean,
): Promise<FlatFile | undefined> {
  if (!existsSync(path)) return undefined;
  try {
    const file = readEnds(path);
    if (file.header.fingerprint !== fingerprint) throw new Error('it holds other images');
    if (thorough && !(await arePixelsWhole(path, file))) throw new Error('its pixels were changed');
    return file;
  } catch (cause) {
    onNote?.(`${path} is damaged (${messageOf(cause)}); its pictures are decoded again`);
  }
  return undefined;
}

function mappedDataset(
  { name, split }: PictureSource,
  path: string,
  { header, labels }: FlatFile,
  normalization: Normalization = header.normalization,
): Dataset {
  const { shape, classNames, hash } = header;
  const images = new MappedImages(path, pixelsStart, labels.length, pixelsPerImage(shape));
  return datasetOf(
    { name, split, shape, classNames, labels, normalization },
    () => hash,
    (indices) => images.gather(indices),
  );
}

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FailureError, UsageError } from '../../tensor/index.js';
import { type Dataset, type Normalization, pixelsPerImage } from '../dataset.js';
import { checkIndices } from '../indices.js';
import type { PictureSource } from '../pictures.js';
import { buildFlatFile } from './build.js';
import { type FlatFile, readFront } from './flat-file.js';
import { MappedImages } from './mapped-images.js';

export interface CacheOptions {
  /** Where decoded images are kept; made if it is missing. */
  readonly folder: string;
  /** Pictures being decoded at any time, from 1; default 16. */
  readonly concurrency?: number;
  /** Default: computed from the images. A test part should be given its training part's. */
  readonly normalization?: Normalization | undefined;
  readonly onProgress?: (done: number, total: number) => void;
  /** Told when a file in the cache was damaged and is made anew. */
  readonly onNote?: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Enough for the decoders of many processors, with reading ahead. */
const CONCURRENCY = 16;

/**
 * A dataset of pictures that are decoded once, into a file that is mapped into memory: images are read from the disk
 * when they are used, so the set may be larger than memory.
 *
 * A present file is used if it is whole, its header is undamaged, and it was made from the same fingerprint, labels and
 * classes; its pixels are not read for that (see `verifyCached`). A damaged one is made anew: the pictures are there, so
 * there is nothing to ask the user. Files for other fingerprints are left alone, as sources may change back.
 *
 * @throws UsageError naming the picture that can't be decoded, or if there are none; FailureError if the file can't be
 *   written; the signal's reason. No file is left half written.
 */
export async function openCached(source: PictureSource, options: CacheOptions): Promise<Dataset> {
  const { concurrency = CONCURRENCY, onProgress = () => {}, signal } = options;
  checkRequest(source, concurrency);
  const path = cachePath(source, options.folder);
  let file = readMatching(source, path, options.onNote);
  if (file === undefined) {
    await buildFlatFile(source, path, { concurrency, onProgress, signal });
    file = readMatching(source, path, undefined);
  }
  if (file === undefined) {
    throw new FailureError(
      `${path}: the decoded images of ${source.name} were written, and could not be read back. ` +
        'Check the disk, or choose another folder with --cache.',
    );
  }
  return mappedDataset(source, path, file, options.normalization);
}

/** Where a source's decoded images are kept. */
export function cachePath({ name, split, fingerprint }: PictureSource, folder: string): string {
  const key = createHash('sha256').update(fingerprint).digest('hex').slice(0, 16);
  const stem = `${name}-${split}`.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 100);
  return join(folder, `${stem}-${key}.images`);
}

function checkRequest({ name, labels, classNames }: PictureSource, concurrency: number): void {
  if (labels.length === 0)
    throw new UsageError(`${name}: there are no pictures; give at least one.`);
  const wrong = labels.findIndex((label) => label < 0 || label >= classNames.length);
  if (wrong !== -1) {
    throw new UsageError(
      `${name}: label ${wrong} is ${labels[wrong]}; expected 0 to ${classNames.length - 1}.`,
    );
  }
  if (Number.isSafeInteger(concurrency) && concurrency >= 1) return;
  throw new UsageError(`concurrency is ${concurrency}; expected a whole number from 1.`);
}

function readMatching(
  source: PictureSource,
  path: string,
  onNote: CacheOptions['onNote'],
): FlatFile | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const file = readFront(path);
    if (isOf(source, file)) return file;
    onNote?.(`${path} holds other images; they are decoded again`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    onNote?.(`${path} is damaged (${reason}); its pictures are decoded again`);
  }
  return undefined;
}

function isOf(source: PictureSource, { header, labels }: FlatFile): boolean {
  const { shape, classNames, fingerprint } = source;
  const described = ({ channels, height, width }: PictureSource['shape']) =>
    JSON.stringify([channels, height, width]);
  return (
    header.fingerprint === fingerprint &&
    described(header.shape) === described(shape) &&
    JSON.stringify(header.classNames) === JSON.stringify(classNames) &&
    labels.length === source.labels.length &&
    labels.every((label, index) => label === source.labels[index])
  );
}

function mappedDataset(
  { name, split }: PictureSource,
  path: string,
  { header, labels, pixels }: FlatFile,
  normalization: Normalization = header.normalization,
): Dataset {
  const { shape, classNames, hash } = header;
  const images = new MappedImages(path, pixels, labels.length, pixelsPerImage(shape));
  return {
    name,
    split,
    shape,
    classNames,
    labels,
    normalization,
    hash,
    read(indices) {
      checkIndices(indices, labels.length, `${name} ${split}`);
      return images.gather(indices);
    },
  };
}

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { mapFile, UsageError } from '../../tensor/index.js';
import { type Dataset, DatasetHash, type Normalization, pixelsPerImage } from '../dataset.js';
import { checkIndices } from '../indices.js';
import type { PictureSource } from '../pictures.js';
import { buildFlatFile } from './build.js';
import { type FlatFile, readFront } from './flat-file.js';

export interface CacheOptions {
  /** Where decoded images are kept. */
  readonly folder: string;
  /** Pictures being decoded at any time; default 16. */
  readonly concurrency?: number;
  /** Default: computed from the images. A test part should be given its training part's. */
  readonly normalization?: Normalization | undefined;
  readonly onProgress?: (done: number, total: number) => void;
  /** Told when a file in the cache was damaged and is made anew. */
  readonly onNote?: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Two processors' worth of decoding, with reading ahead. */
const CONCURRENCY = 16;

/** Bytes that are mapped at once; V8 limits the size of one buffer. */
const SEGMENT = 2 ** 30;

/**
 * A dataset of pictures that are decoded once, into a file that is mapped into memory: images are read from the disk
 * when they are used, so the set may be larger than memory. A file for another fingerprint is left alone; a damaged one
 * is made anew.
 *
 * @throws UsageError naming the picture that can't be decoded; FailureError if the file can't be written.
 */
export async function openCached(source: PictureSource, options: CacheOptions): Promise<Dataset> {
  const { concurrency = CONCURRENCY, onProgress = () => {}, signal } = options;
  const path = cachePath(source, options.folder);
  const present = readMatching(source, path, options.onNote);
  if (present === undefined) {
    await buildFlatFile(source, path, { concurrency, onProgress, signal });
  }
  return mappedDataset(path, present ?? readFront(path), options.normalization);
}

/** Where a source's decoded images are kept. */
export function cachePath({ name, split, fingerprint }: PictureSource, folder: string): string {
  const key = createHash('sha256').update(fingerprint).digest('hex').slice(0, 16);
  const stem = `${name}-${split}`.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 100);
  return join(folder, `${stem}-${key}.images`);
}

function readMatching(
  source: PictureSource,
  path: string,
  onNote: CacheOptions['onNote'],
): FlatFile | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const file = readFront(path);
    const { header, labels } = file;
    const same =
      header.fingerprint === source.fingerprint &&
      JSON.stringify([header.shape, header.classNames]) ===
        JSON.stringify([source.shape, source.classNames]) &&
      Buffer.from(labels.buffer).equals(Buffer.from(Int32Array.from(source.labels).buffer));
    if (same) return file;
    onNote?.(`${path} holds other images; they are decoded again`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    onNote?.(`${path} is damaged (${reason}); its pictures are decoded again`);
  }
  return undefined;
}

function mappedDataset(
  path: string,
  { header, labels, pixels }: FlatFile,
  normalization: Normalization = header.normalization,
): Dataset {
  const { name, split, shape, classNames, hash } = header;
  const stride = pixelsPerImage(shape);
  const segments = mapSegments(path, pixels, labels.length, stride);
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
      const images = new Uint8Array(indices.length * stride);
      for (let row = 0; row < indices.length; row++) {
        const index = indices[row]!;
        const start = (index % segments.images) * stride;
        const segment = segments.bytes[Math.floor(index / segments.images)]!;
        images.set(segment.subarray(start, start + stride), row * stride);
      }
      return images;
    },
  };
}

/** Whole images per mapping, all but the last one's equally many. */
function mapSegments(path: string, offset: number, count: number, stride: number) {
  const images = Math.max(1, Math.floor(SEGMENT / stride));
  const bytes: Uint8Array[] = [];
  for (let first = 0; first < count; first += images) {
    const length = Math.min(images, count - first) * stride;
    bytes.push(mapFile(path, offset + first * stride, length));
  }
  return { images, bytes };
}

/**
 * Reads a cached file through and compares it with the hash that was stored when it was written.
 *
 * @throws UsageError if it is damaged.
 */
export function verifyCached(source: PictureSource, folder: string): void {
  const path = cachePath(source, folder);
  const { header, labels, pixels } = readFront(path);
  const stride = pixelsPerImage(header.shape);
  const hash = new DatasetHash(header.shape, labels);
  for (const segment of mapSegments(path, pixels, labels.length, stride).bytes) {
    hash.update(segment);
  }
  if (hash.digest() === header.hash) return;
  throw new UsageError(`${path} was changed since it was written; delete it to have it made anew`);
}

import { type FileHandle, mkdir, open, rename, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FailureError, UsageError } from '../../tensor/errors.js';
import { DatasetHash, pixelsPerImage } from '../dataset.js';
import type { PictureSource } from '../pictures.js';
import { ChannelSums } from './channel-sums.js';
import { type DecodingOptions, decodeInBlocks } from './decode.js';
import { encodeFront, type FlatHeader, flatFileLength } from './flat-file.js';
import { claimPartial, releasePartial, removeLeftovers } from './leftovers.js';

export interface BuildOptions extends DecodingOptions {
  /** Told now and then how many pictures are done. */
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Decodes every picture of a source into a file. It is written beside its place and renamed when it is complete and on
 * the disk, so that nothing unfinished is ever taken for it, and of several processes that do this at once each
 * writes its own, the last of which stays. What dead processes left unfinished is removed.
 *
 * @throws UsageError naming the picture that can't be decoded; FailureError if the file can't be written, at once if
 *   there is no room for it. Nothing is left behind then.
 */
export async function buildFlatFile(
  source: PictureSource,
  path: string,
  options: BuildOptions,
): Promise<void> {
  const partial = claimPartial(path);
  try {
    await mkdir(dirname(path), { recursive: true });
    await removeLeftovers(path);
    await checkRoom(source, path);
    await writeImages(source, partial, options);
    await rename(partial, path);
  } catch (cause) {
    const known = cause instanceof UsageError || cause instanceof FailureError;
    if (known || options.signal?.aborted) throw cause;
    throw unwritable(source, path, cause instanceof Error ? cause.message : String(cause), cause);
  } finally {
    // Where the folder is gone, so is the file.
    await releasePartial(partial).catch(() => {});
  }
}

function unwritable(
  source: PictureSource,
  path: string,
  reason: string,
  cause?: unknown,
): FailureError {
  return new FailureError(
    `${path}: the decoded images of ${source.name} could not be written (${reason}). ` +
      'Make room, or choose another folder with --cache.',
    { cause },
  );
}

/** Better known before hours of decoding. Counts what only root may use as free, so that nobody is refused wrongly. */
async function checkRoom(source: PictureSource, path: string): Promise<void> {
  const free = await statfs(dirname(path)).then(
    ({ bfree, bsize }) => bfree * bsize,
    () => Number.POSITIVE_INFINITY, // not every file system tells
  );
  const needed = flatFileLength(headerOf(source), source.labels.length);
  if (needed <= free) return;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toPrecision(3)} GB`;
  throw unwritable(source, path, `they take ${gigabytes(needed)}, and ${gigabytes(free)} are free`);
}

/** All that is known before decoding; the normalisation and hash are not. */
function headerOf(source: PictureSource): FlatHeader {
  const { name, split, shape, classNames, labels, fingerprint } = source;
  const unknown = Array.from({ length: shape.channels }, () => 0);
  return {
    name,
    split,
    shape,
    images: labels.length,
    classNames,
    fingerprint,
    normalization: { mean: unknown, std: unknown },
    hash: '',
  };
}

async function writeImages(
  source: PictureSource,
  path: string,
  options: BuildOptions,
): Promise<void> {
  const { shape, labels } = source;
  const sums = new ChannelSums(shape);
  const hash = new DatasetHash(shape, labels);
  const header = headerOf(source);
  let written = 0;
  const file = await open(path, 'wx');
  try {
    // Nothing that a reader would accept, until it is overwritten below.
    await file.writeFile(Buffer.alloc(encodeFront(header, labels).length));
    for await (const block of decodeInBlocks(source, options)) {
      sums.add(block);
      hash.update(block);
      await file.writeFile(block);
      written += block.length;
      options.onProgress(written / pixelsPerImage(shape), labels.length);
    }
    const complete = { ...header, normalization: sums.normalization(), hash: hash.digest() };
    await writeAtStart(file, encodeFront(complete, labels));
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writeAtStart(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, written);
    written += bytesWritten;
  }
}

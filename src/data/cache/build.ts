import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FailureError, UsageError } from '../../tensor/errors.js';
import { DatasetHash, pixelsPerImage } from '../dataset.js';
import type { PictureSource } from '../pictures.js';
import { ChannelSums } from './channel-sums.js';
import { encodeFront, type FlatHeader } from './flat-file.js';

export interface BuildOptions {
  /** Pictures being decoded at any time. */
  readonly concurrency: number;
  /** Told now and then how many pictures are done. */
  readonly onProgress: (done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Pixels are hashed and written in blocks of about this many bytes. */
const BLOCK = 4 * 2 ** 20;

/** An unfinished file's name says whose it is: `….<process>.<number>.partial`. */
const PARTIAL = /\.(\d+)\.\d+\.partial$/;

let built = 0;

/**
 * Decodes every picture of a source into a file. It is written beside its place and renamed when it is complete and on
 * the disk, so that nothing unfinished is ever taken for it; what dead processes left unfinished is removed.
 *
 * @throws UsageError naming the picture that can't be decoded; FailureError if the file can't be written.
 */
export async function buildFlatFile(
  source: PictureSource,
  path: string,
  options: BuildOptions,
): Promise<void> {
  const folder = join(path, '..');
  const partial = `${path}.${process.pid}.${++built}.partial`;
  try {
    await mkdir(folder, { recursive: true });
    await removeLeftovers(folder);
    await writeImages(source, partial, options);
    await rename(partial, path);
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => {});
    if (cause instanceof UsageError || options.signal?.aborted) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FailureError(
      `${path}: the decoded images of ${source.name} could not be written (${reason}). Make room, or choose another folder with --cache.`,
      { cause },
    );
  }
}

async function writeImages(
  source: PictureSource,
  path: string,
  options: BuildOptions,
): Promise<void> {
  const { name, split, shape, classNames, labels, fingerprint } = source;
  const sums = new ChannelSums(shape);
  const hash = new DatasetHash(shape, labels);
  const unknown = Array.from({ length: shape.channels }, () => 0);
  const header: FlatHeader = {
    name,
    split,
    shape,
    images: labels.length,
    classNames,
    fingerprint,
    normalization: { mean: unknown, std: unknown },
    hash: '',
  };
  const file = await open(path, 'wx');
  try {
    await file.writeFile(encodeFront(header, labels));
    for await (const block of blocks(source, sums, options)) {
      hash.update(block);
      await file.writeFile(block);
    }
    const complete = { ...header, normalization: sums.normalization(), hash: hash.digest() };
    await writeAtStart(file, encodeFront(complete, labels));
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writeAtStart(file: Awaited<ReturnType<typeof open>>, bytes: Buffer): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, written);
    written += bytesWritten;
  }
}

/** All images, many at a time. */
async function* blocks(
  source: PictureSource,
  sums: ChannelSums,
  options: BuildOptions,
): AsyncGenerator<Uint8Array> {
  const stride = pixelsPerImage(source.shape);
  const perBlock = Math.max(1, Math.floor(BLOCK / stride));
  const total = source.labels.length;
  let block = new Uint8Array(Math.min(perBlock, total) * stride);
  let [filled, done] = [0, 0];
  for await (const image of decodeInOrder(source, options)) {
    if (image.length !== stride) {
      throw new FailureError(
        `${source.describe(done)}: decoding gave ${image.length} values, expected ${stride}`,
      );
    }
    sums.add(image);
    block.set(image, filled * stride);
    filled += 1;
    done += 1;
    if (filled < perBlock && done < total) continue;
    yield block.subarray(0, filled * stride);
    options.onProgress(done, total);
    block = new Uint8Array(Math.min(perBlock, total - done) * stride);
    filled = 0;
  }
}

/** Decodes several pictures at a time and gives them in order. */
async function* decodeInOrder(
  source: PictureSource,
  { concurrency, signal }: BuildOptions,
): AsyncGenerator<Uint8Array> {
  const total = source.labels.length;
  const pending: Promise<Uint8Array>[] = [];
  let next = 0;
  for (let index = 0; index < total; index++) {
    signal?.throwIfAborted();
    while (next < total && pending.length < concurrency) {
      const image = source.decode(next++);
      // Awaited in its turn; until then a failure is nobody's.
      image.catch(() => {});
      pending.push(image);
    }
    yield await pending.shift()!;
  }
}

async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const owner = PARTIAL.exec(name)?.[1];
    if (owner !== undefined && !isAlive(Number(owner)))
      await rm(join(folder, name), { force: true });
  }
}

function isAlive(process_: number): boolean {
  try {
    process.kill(process_, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

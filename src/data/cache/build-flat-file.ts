import { type FileHandle, mkdir, open, rename, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FailureError, messageOf, UsageError } from '../../core/errors.js';
import { writeAt } from '../../core/files.js';
import { ChannelSums } from '../dataset/channel-sums.js';
import { DatasetHash, pixelsPerImage } from '../dataset/dataset.js';
import type { DamagedPicture, PictureSource } from '../decoding/picture-source.js';
import { UnknownScale } from '../decoding/value-scale.js';
import { claimPartial, releasePartial, removeAbandonedFiles } from './abandoned-files.js';
import { damageError } from './damage.js';
import { type DecodingOptions, decodeInBlocks } from './decode-blocks.js';
import {
  encodeEnds,
  type FlatHeader,
  flatFileLength,
  identityLength,
  pixelsStart,
} from './flat-file.js';
import { hashPixels } from './verify-pixels.js';

export interface BuildOptions extends DecodingOptions {
  readonly fingerprint: string;
  /** Of every picture of the source. */
  readonly identities: Uint8Array;
  /** Told now and then how many pictures are done. */
  readonly onProgress: (done: number, total: number) => void;
  /** Called when all is written, before it counts; what it throws is thrown, and nothing is kept. */
  readonly confirm: () => Promise<void>;
}

/**
 * Decodes every picture of a source into a file; damaged ones are named in it. It is written beside its place and renamed
 * when it is complete and on the disk, so that nothing unfinished is ever taken for it, and of several processes that
 * do this at once each writes its own, the last of which stays. What dead processes left unfinished is removed.
 *
 * @throws UsageError if every picture is damaged; FailureError if the file can't be written, at once if there is no room
 *   for it; UnknownScale. Nothing is left behind then.
 */
export async function buildFlatFile(
  source: PictureSource,
  path: string,
  options: BuildOptions,
): Promise<void> {
  const partial = claimPartial(path);
  try {
    await mkdir(dirname(path), { recursive: true });
    await removeAbandonedFiles(path);
    await checkRoom(source, path);
    await writeImages(source, partial, options);
    await options.confirm();
    await rename(partial, path);
  } catch (cause) {
    const known = [UsageError, FailureError, UnknownScale].some((type) => cause instanceof type);
    if (known || options.signal?.aborted) throw cause;
    throw unwritable(source, path, messageOf(cause), cause);
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
    `${path}: the decoded images of ${source.name} could not be written (${reason}); ` +
      'make room, or choose another folder with --cache',
    { cause },
  );
}

/** Better known before hours of decoding. Counts what only root may use as free, so that nobody is refused wrongly. */
async function checkRoom(source: PictureSource, path: string): Promise<void> {
  const free = await statfs(dirname(path)).then(
    ({ bfree, bsize }) => bfree * bsize,
    () => Number.POSITIVE_INFINITY, // not every file system tells
  );
  const needed = flatFileLength(source.shape, source.labels.length);
  if (needed <= free) return;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toPrecision(3)} GB`;
  throw unwritable(source, path, `they take ${gigabytes(needed)}, and ${gigabytes(free)} are free`);
}

async function writeImages(
  source: PictureSource,
  path: string,
  options: BuildOptions,
): Promise<void> {
  const { name, split, shape, classNames, decoding, labels } = source;
  const { fingerprint, identities, scale } = options;
  const file = await open(path, 'wx+');
  try {
    const { kept, damaged, normalization, hash } = await writePixels(source, file, options);
    if (kept.length === 0) throw damageError([{ name, split, pictures: labels.length, damaged }]);
    const keptLabels = Int32Array.from(kept, (index) => labels[index]!);
    const header: FlatHeader = {
      name,
      split,
      shape,
      images: kept.length,
      classNames,
      fingerprint,
      decoding,
      scale,
      damaged,
      normalization,
      hash: hash ?? (await hashPixels(file, { shape, labels: keptLabels })),
    };
    const of = (index: number) =>
      identities.subarray(index * identityLength, (index + 1) * identityLength);
    const keptIdentities = damaged.length === 0 ? identities : Buffer.concat(kept.map(of));
    const { front, end } = encodeEnds({ header, labels: keptLabels, identities: keptIdentities });
    let position = pixelsStart + kept.length * pixelsPerImage(shape);
    for (const part of end) {
      await writeAt(file, part, position);
      position += part.length;
    }
    await file.sync();
    // Last: without it, a reader accepts nothing of the file.
    await writeAt(file, front, 0);
    await file.sync();
  } finally {
    await file.close();
  }
}

interface WrittenPixels {
  /** The numbers of the pictures that were written. */
  readonly kept: readonly number[];
  readonly damaged: readonly DamagedPicture[];
  readonly normalization: FlatHeader['normalization'];
  /** Absent if pictures are missing: it begins with the labels, so that it must be computed anew. */
  readonly hash?: string;
}

async function writePixels(
  source: PictureSource,
  file: FileHandle,
  options: BuildOptions,
): Promise<WrittenPixels> {
  const { shape, labels } = source;
  const sums = new ChannelSums(shape);
  const hash = new DatasetHash(shape, labels);
  const kept: number[] = [];
  const damaged: DamagedPicture[] = [];
  let position = pixelsStart;
  for await (const { pixels, indices } of decodeInBlocks(source, options, damaged)) {
    sums.add(pixels);
    hash.update(pixels);
    await writeAt(file, pixels, position);
    position += pixels.length;
    for (const index of indices) kept.push(index);
    options.onProgress(kept.length + damaged.length, labels.length);
  }
  const normalization = sums.normalization();
  return { kept, damaged, normalization, ...(damaged.length === 0 && { hash: hash.digest() }) };
}

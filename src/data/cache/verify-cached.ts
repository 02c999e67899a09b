import { open } from 'node:fs/promises';
import { UsageError } from '../../tensor/errors.js';
import { DatasetHash, pixelsPerImage } from '../dataset.js';
import type { PictureSource } from '../pictures.js';
import { type FlatFile, readFront } from './flat-file.js';
import { cachePath } from './open-cached.js';

export interface VerifyOptions {
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Bytes that are read at once, at least one image. */
const BLOCK = 4 * 2 ** 20;

/**
 * Reads a source's cached file through and compares it with the hash that was stored when it was written. Only this
 * notices changed pixels.
 *
 * @param folder the cache's, as given to `openCached`.
 * @throws UsageError naming the file if it is missing or damaged; the signal's reason.
 */
export async function verifyCached(
  source: PictureSource,
  folder: string,
  options: VerifyOptions = {},
): Promise<void> {
  const path = cachePath(source, folder);
  let correct: boolean;
  try {
    const file = readFront(path);
    correct = (await hashFile(path, file, options)) === file.header.hash;
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${path} can't be used (${reason}). ${MEND}`, { cause });
  }
  if (!correct) throw new UsageError(`${path} was changed since it was written. ${MEND}`);
}

const MEND = 'Delete it to have its pictures decoded again.';

async function hashFile(
  path: string,
  { header, labels, pixels }: FlatFile,
  { onProgress, signal }: VerifyOptions,
): Promise<string> {
  const stride = pixelsPerImage(header.shape);
  const perBlock = Math.max(1, Math.floor(BLOCK / stride));
  const block = new Uint8Array(Math.min(perBlock, labels.length) * stride);
  const end = pixels + labels.length * stride;
  const hash = new DatasetHash(header.shape, labels);
  const file = await open(path, 'r');
  try {
    for (let position = pixels; position < end; ) {
      signal?.throwIfAborted();
      const wanted = Math.min(block.length, end - position);
      const { bytesRead } = await file.read(block, 0, wanted, position);
      if (bytesRead === 0) throw new Error(`it is cut short at ${position} bytes`);
      hash.update(block.subarray(0, bytesRead));
      position += bytesRead;
      onProgress?.(Math.floor((position - pixels) / stride), labels.length);
    }
  } finally {
    await file.close();
  }
  return hash.digest();
}

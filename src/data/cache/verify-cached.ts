import { messageOf, UsageError } from '../../core/errors.js';
import type { PictureSource } from '../decoding/picture-source.js';
import { readEnds } from './flat-file.js';
import { cachePath } from './open-cached.js';
import { arePixelsWhole, type VerifyOptions } from './verify-pixels.js';

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
  const { signal } = options;
  const path = await cachePath(source, folder, { signal });
  let correct: boolean;
  try {
    correct = await arePixelsWhole(path, readEnds(path), options);
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new UsageError(`${path}: it can't be used (${messageOf(cause)}); ${remedy}`, { cause });
  }
  if (!correct) throw new UsageError(`${path}: it was changed since it was written; ${remedy}`);
}

const remedy = 'delete it to have its pictures decoded again';

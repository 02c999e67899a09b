import { open, readFile, stat } from 'node:fs/promises';
import { messageOf, UsageError } from '../../core/errors.js';

/** Node reads at most 2 GiB at once. */
export const largestFile = 2 ** 31 - 1;

export interface ReadOptions {
  /** What errors call the file. Default: `file`. */
  readonly what?: string;
  /** Bytes that it may have, at most. Default: 2 GiB. */
  readonly most?: number;
  /** What the user can do when it can't be read. */
  readonly remedy?: string;
}

/**
 * A whole file.
 *
 * @throws UsageError naming it if it can't be read, is no regular file, or is too large.
 */
export async function readWholeFile(path: string, options: ReadOptions = {}): Promise<Buffer> {
  const { what = 'file', most = largestFile } = options;
  const { remedy = 'check the path, and its permissions' } = options;
  try {
    const status = await stat(path);
    if (!status.isFile()) throw new Error('it is not a regular file');
    if (status.size > most)
      throw new Error(`it has ${status.size} bytes, ${most} at most are read`);
    return await readFile(path);
  } catch (cause) {
    throw new UsageError(`${path}: the ${what} can't be read (${messageOf(cause)}); ${remedy}`, {
      cause,
    });
  }
}

/** Some bytes of a file; zeros where it has none. */
export async function readBytes(path: string, position: number, length: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const bytes = Buffer.alloc(length);
    await file.read(bytes, 0, length, position);
    return bytes;
  } finally {
    await file.close();
  }
}

/**
 * Runs a parser, which throws plain Errors saying what is wrong.
 *
 * @throws UsageError naming the file instead.
 */
export async function parsing<T>(path: string, body: () => T | Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`${path}: ${messageOf(cause)}`, { cause });
  }
}

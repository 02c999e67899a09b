import { readFile, stat } from 'node:fs/promises';
import { UsageError } from '../../core/errors.js';

/** Node reads at most 2 GiB at once. */
export const largestFile = 2 ** 31 - 1;

/**
 * A whole file.
 *
 * @throws UsageError naming it if it can't be read, is no regular file, or is larger than 2 GiB.
 */
export async function readWholeFile(path: string): Promise<Buffer> {
  try {
    const status = await stat(path);
    if (!status.isFile()) throw new Error('it is not a regular file');
    if (status.size > largestFile) throw new Error(`it has ${status.size} bytes, more than 2 GiB`);
    return await readFile(path);
  } catch (cause) {
    throw new UsageError(`${path}: the file can't be read: ${(cause as Error).message}`, { cause });
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
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${path}: ${reason}`, { cause });
  }
}

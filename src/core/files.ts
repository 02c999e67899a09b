import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FailureError } from './errors.js';

let written = 0;

/**
 * Writes a whole file so that a reader, or a machine that loses power, sees the old content or the new, never a part:
 * a temporary file beside the target is written, forced to disk and renamed over it. The folder must exist.
 * @throws FailureError saying why it cannot be written (no space, no permission); the temporary file is then gone.
 */
export function writeFileAtomic(path: string, content: string | Uint8Array): void {
  written += 1;
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.${written}.tmp`);
  try {
    const file = openSync(temporary, 'wx');
    try {
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (cause) {
    discard(temporary);
    throw writeFailure(path, cause);
  }
  syncFolder(dirname(path));
}

/**
 * Makes a folder unless it is there. Throws FailureError saying why it cannot be made.
 * @param parents whether the folders above it are made too; otherwise one that is gone was deleted meanwhile, and what
 *   belongs into it is not to be written to a new one
 */
export function makeFolder(path: string, { parents = true } = {}): void {
  if (existsSync(path)) return;
  try {
    mkdirSync(path, { recursive: parents });
  } catch (cause) {
    throw writeFailure(path, cause);
  }
}

/** What stands in the way of writing, and what to do about it, by the system's name of the error. */
const remedies: { readonly [code: string]: string } = {
  ENOSPC: 'the disk is full; free some space',
  EDQUOT: 'your share of the disk is used up; free some space',
  EFBIG: 'a file may not become that large here (ulimit -f)',
  EROFS: 'the file system can only be read; choose another folder',
  EACCES: 'there is no permission to write there; change that, or choose another folder',
  EPERM: 'there is no permission to write there; change that, or choose another folder',
  ENOENT: 'its folder is gone, deleted or moved meanwhile',
  ENOTDIR: 'a file is where its folder should be',
  EIO: 'the disk reports an error; check it, or choose another',
  EMFILE: 'this process has too many open files (ulimit -n)',
  ENFILE: 'the system has too many open files',
};

/** The error of a file that could not be written, saying what stands in the way. */
export function writeFailure(path: string, cause: unknown): FailureError {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  const remedy = Object.hasOwn(remedies, code) ? `${remedies[code]} (${code})` : message;
  return new FailureError(`${path} could not be written: ${remedy}`, { cause });
}

/** Deletes what a write that failed has left, as far as that is possible. */
function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The error of the write is the one to tell.
  }
}

/** Forces a rename to disk. Some file systems cannot open a folder for this; the rename itself is still atomic there. */
function syncFolder(path: string): void {
  let folder: number;
  try {
    folder = openSync(path, 'r');
  } catch {
    return;
  }
  try {
    fsyncSync(folder);
  } catch {
    // Unsupported here: the content is complete either way.
  } finally {
    closeSync(folder);
  }
}

/** Writes all of the bytes at a position of an open file: one call of the system may write fewer. */
export async function writeAt(
  file: FileHandle,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, written, undefined, position + written);
    written += bytesWritten;
  }
}

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

let written = 0;

/**
 * Writes a whole file so that a reader, or a machine that loses power, sees the old content or the new, never a part:
 * a temporary file beside the target is written, forced to disk and renamed over it. The folder must exist.
 * @throws the file system's error (no space, no permission); the temporary file is then gone.
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
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
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

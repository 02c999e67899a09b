import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isRunning } from '../../core/lock.js';

/** An unfinished file's name says whose it is: `….<machine>.<process>.<number>.partial`. */
const partialName = /\.([A-Za-z0-9-]+)\.(\d+)\.\d+\.partial$/;

const machine = hostname().replaceAll(/[^A-Za-z0-9-]/g, '-') || 'unnamed';
const ours = new Set<string>();
let count = 0;

/**
 * A name for a file that becomes `path` when it is finished, which no other process uses. It is this process's until
 * `releasePartial`.
 */
export function claimPartial(path: string): string {
  count += 1;
  const partial = `${path}.${machine}.${process.pid}.${count}.partial`;
  ours.add(basename(partial));
  return partial;
}

/** To be called when the file is renamed or given up, and removes it in the latter case. */
export async function releasePartial(partial: string): Promise<void> {
  ours.delete(basename(partial));
  await rm(partial, { force: true });
}

/**
 * Removes the files that processes of this machine left unfinished beside `path` when they were killed. What other
 * machines write into a shared folder is left alone: whether they live can't be known here.
 */
export async function removeAbandonedFiles(path: string): Promise<void> {
  const folder = dirname(path);
  for (const name of await readdir(folder)) {
    const [, owner, number] = partialName.exec(name) ?? [];
    // A process that ended before us may have had our number.
    const isOther = Number(number) !== process.pid && isRunning(Number(number));
    if (owner !== machine || ours.has(name) || isOther) continue;
    // In a shared folder it may be another user's, who will remove it.
    await rm(join(folder, name), { force: true }).catch(() => {});
  }
}

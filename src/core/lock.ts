import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { UsageError } from './errors.js';
import { writeFailure } from './files.js';
import { type Job, readJob } from './job.js';

export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process began, as the system counts it: a number that is used again names another process. */
  readonly began: string | null;
  /** A launcher's job that the process belonged to. */
  readonly job?: Job;
}

/** How often a lock that is waited for is looked at. */
const pollMilliseconds = 100;

/**
 * A file that keeps a second process out of a folder. It names its holder, so that a lock that was left behind by a
 * process which was killed is recognised and taken over.
 */
export class Lock implements Disposable {
  readonly #path: string;
  #held = true;

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * Takes the lock at `path`, whose folder exists. Throws UsageError naming the holder when another process has it, and
   * FailureError when the file cannot be written.
   */
  static take(path: string): Lock {
    const taken = Lock.#try(path);
    if (taken instanceof Lock) return taken;
    throw inUse(path, taken);
  }

  /** The same, but waits until the other process, of which `onWait` is told once, gives the lock back or is gone. */
  static async wait(
    path: string,
    onWait?: (holder: Holder) => void,
    signal?: AbortSignal,
  ): Promise<Lock> {
    let tell = onWait;
    for (;;) {
      const taken = Lock.#try(path);
      if (taken instanceof Lock) return taken;
      if (taken !== undefined) {
        tell?.(taken);
        tell = undefined;
      }
      await setTimeout(pollMilliseconds);
      signal?.throwIfAborted();
    }
  }

  /** The lock, or who holds it, where that can be read. */
  static #try(path: string): Lock | Holder | undefined {
    if (create(path)) return new Lock(path);
    const holder = readHolder(path);
    if (holder !== undefined && mayBeAlive(holder)) return holder;
    if (clearStale(path, holder) && create(path)) return new Lock(path);
    return readHolder(path);
  }

  /** Gives the lock back; a second time does nothing. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    if (readHolder(this.#path)?.pid === process.pid) rmSync(this.#path, { force: true });
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** Makes the file, whole at once; false when it is there already. */
function create(path: string): boolean {
  const job = readJob();
  const holder: Holder = {
    pid: process.pid,
    host: hostname(),
    began: beginning(process.pid),
    ...(job && { job }),
  };
  const own = `${path}.${process.pid}`;
  try {
    writeFileSync(own, `${JSON.stringify(holder)}\n`);
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw writeFailure(path, error);
  } finally {
    rmSync(own, { force: true });
  }
}

/**
 * Takes a stale lock away. False when it was another process's that had found it stale too, and was faster: that one is
 * put back.
 */
function clearStale(path: string, stale: Holder | undefined): boolean {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
  const found = readHolder(aside);
  const same = JSON.stringify(found) === JSON.stringify(stale);
  if (!same) linkSync(aside, path);
  rmSync(aside, { force: true });
  return same;
}

/** Who holds the lock at `path`; undefined where nobody does, or the holder is gone. */
export function holderOf(path: string): Holder | undefined {
  const holder = readHolder(path);
  return holder !== undefined && mayBeAlive(holder) ? holder : undefined;
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

/**
 * Whether the holder may still be at work. Of another machine's processes it is known only that those of an earlier attempt
 * of one's own job are gone: the launcher, which may have gone on elsewhere, has seen to that.
 */
function mayBeAlive({ pid, host, began, job }: Holder): boolean {
  if (host !== hostname()) {
    const own = readJob();
    return job === undefined || job.id !== own?.id || job.attempt >= own.attempt;
  }
  return isRunning(pid) && beginning(pid) === began;
}

/** Whether a process of this machine has this number, and has not ended: one that its parent has not asked for is no longer at work. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return statOf(pid)?.[0] !== 'Z';
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process began, in clock ticks since the machine did; null where the system does not tell. */
function beginning(pid: number): string | null {
  return statOf(pid)?.[19] ?? null;
}

/** What the system tells of a process, from its state on; undefined where it does not tell. */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Fields are counted from behind the command's name, which may hold spaces and brackets.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function inUse(path: string, holder: Holder | undefined): UsageError {
  const who = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`;
  return new UsageError(
    `${path} is held by ${who}: two processes must not write one run. Wait for it or stop it; if it no longer exists, delete the file.`,
  );
}

import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { FailureError, UsageError } from '../core/errors.js';
import { makeFolder, writeFileAtomic } from '../core/files.js';
import { EventLog } from './event-log.js';
import type { Manifest } from './manifest.js';

export interface RunLocation {
  /** The folder that holds all runs. */
  readonly runs: string;
  /** Letters, digits, `.`, `_` and `-`, at most 100, the first one a letter or a digit. */
  readonly name: string;
}

export type ExistingRun = 'refuse' | 'replace' | 'continue';

/** The files at the top of a run. `events` and `config` also tell a run from any other folder. */
const files = {
  config: 'config.yaml',
  manifest: 'manifest.json',
  events: 'events.jsonl',
  results: 'results.json',
} as const;

/**
 * The folder of one run, `<runs>/<name>/`: `config.yaml`, `manifest.json`, `events.jsonl`, `results.json`, and the
 * folders `snapshots`, `start` and `distilled`. Whole files are replaced atomically.
 */
export class RunDirectory {
  readonly name: string;
  /** Absolute. */
  readonly path: string;

  private constructor(location: RunLocation) {
    this.name = location.name;
    this.path = resolve(location.runs, location.name);
  }

  /**
   * Makes the folder. When it exists already: `refuse` (the default) throws, `replace` deletes the earlier run first,
   * and `continue` keeps everything in it.
   * @throws UsageError for a bad name, a run that exists and is to be refused, or a folder that is not a run's.
   */
  static create(options: RunLocation & { readonly existing?: ExistingRun }): RunDirectory {
    assertRunName(options.name);
    const run = new RunDirectory(options);
    if (existsSync(run.path)) run.#admitExisting(options.existing ?? 'refuse');
    makeFolder(run.path);
    return run;
  }

  /**
   * Opens a run that exists.
   * @throws UsageError for a bad name or when there is no such run, naming those that there are.
   */
  static open(location: RunLocation): RunDirectory {
    assertRunName(location.name);
    const run = new RunDirectory(location);
    if (!isRun(run.path)) {
      const names = listRuns(location.runs);
      const others =
        names.length > 0 ? `the runs there are ${names.join(', ')}` : 'it holds no run';
      throw new UsageError(`There is no run "${run.name}" in ${location.runs}: ${others}.`);
    }
    return run;
  }

  /**
   * The absolute path of something inside the run: `pathOf('snapshots', '0100.png')`. The folder that is to hold it
   * is made if need be.
   * @throws UsageError when the path would leave the run, and FailureError when the run's folder is gone or the folder
   *   cannot be made.
   */
  pathOf(...segments: readonly string[]): string {
    const path = resolve(this.path, ...segments);
    const inside = relative(this.path, path);
    if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
      throw new UsageError(`The path ${segments.join('/')} leaves the run ${this.path}.`);
    }
    if (!existsSync(this.path)) {
      throw new FailureError(
        `${this.path} is gone: the run's folder was deleted or moved meanwhile`,
      );
    }
    if (inside !== '') makeFolder(dirname(path));
    return path;
  }

  writeConfig(yamlText: string): void {
    writeFileAtomic(this.pathOf(files.config), yamlText);
  }

  writeManifest(manifest: Manifest): void {
    writeFileAtomic(this.pathOf(files.manifest), json(manifest));
  }

  /** Replaces the results: any value that JSON can hold. */
  writeResults(results: unknown): void {
    writeFileAtomic(this.pathOf(files.results), json(results));
  }

  /** Opens the event log for appending; the caller closes it. */
  openEventLog(): EventLog {
    return new EventLog(this.pathOf(files.events));
  }

  #admitExisting(existing: ExistingRun): void {
    if (existing === 'continue' && statSync(this.path).isDirectory()) return;
    // Only what looks like a run is ever deleted: a mistaken `runs` folder must not cost the user other work.
    if (!isRun(this.path) && !isEmptyFolder(this.path)) {
      throw new UsageError(
        `${this.path} exists and is not a run (it has no ${files.config} or ${files.events}). Choose another name, or move it away.`,
      );
    }
    if (existing === 'replace') {
      rmSync(this.path, { recursive: true });
    } else if (isRun(this.path)) {
      throw new UsageError(
        `The run "${this.name}" exists already (${this.path}). Choose another name, or ask for it to be replaced.`,
      );
    }
  }
}

/**
 * The manifest in a run's folder; nothing where none has been written yet.
 * @throws UsageError if it can't be read.
 */
export function readManifest(path: string): Manifest | undefined {
  const file = join(path, files.manifest);
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  } catch (cause) {
    throw new UsageError(
      `${file} can't be read (${(cause as Error).message}); it says what the run was begun with. Put it back, or delete it.`,
      { cause },
    );
  }
}

/** The names of the runs in a folder, in alphabetical order; none when the folder does not exist. */
export function listRuns(runs: string): string[] {
  if (!existsSync(runs)) return [];
  return readdirSync(runs)
    .filter((name) => runName.test(name) && isRun(join(runs, name)))
    .sort();
}

/** What can name a run. */
export const runName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

function assertRunName(name: string): void {
  if (runName.test(name)) return;
  throw new UsageError(
    `"${name}" cannot name a run: use letters, digits, ".", "_" and "-", at most 100, starting with a letter or a digit.`,
  );
}

/** Whether a folder is a run's. */
export function isRun(path: string): boolean {
  return existsSync(join(path, files.config)) || existsSync(join(path, files.events));
}

function isEmptyFolder(path: string): boolean {
  return statSync(path).isDirectory() && readdirSync(path).length === 0;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

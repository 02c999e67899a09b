import { existsSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../core/errors.js';
import { isRun, listRuns, runName } from '../../run/directory.js';
import { readConfiguration } from '../reading/facts.js';
import { insideOf } from '../reading/inside.js';
import { readLogEnds } from '../reading/log-ends.js';
import { LogState } from '../reading/log-state.js';
import { LogTail } from '../reading/log-tail.js';
import { readAccuracies } from '../reading/results.js';
import { type RunSource, summaryOf, viewOf } from '../reading/run-view.js';
import { stateOf } from '../reading/state.js';
import type { RunSummary, RunView } from '../view.js';
import { served } from './addresses.js';

/** Runs whose whole log is kept in memory at most, as what it comes to. */
const mostOpen = 12;

/** The files of a run that are read: none of them may be a link to elsewhere. */
const filesRead = [
  'config.yaml',
  'events.jsonl',
  'manifest.json',
  'results.json',
  'repeats.json',
  'evaluation.json',
  'cross-architecture.json',
  'comparison.json',
  'nearest.json',
  'lock',
  'distilled/metadata.json',
];

interface OpenRun {
  readonly tail: LogTail;
  log: LogState;
  shown?: { readonly stamp: string; readonly view: RunView };
  /** Reads follow one another: two at once would take the same lines twice. */
  reading: Promise<unknown>;
}

/** The runs of a folder, read and nothing else; nothing outside of the folder is. */
export class RunStore {
  /** The folder's real place. */
  readonly root: string;
  readonly #open = new Map<string, OpenRun>();
  readonly #summaries = new Map<string, { readonly stamp: string; readonly summary: RunSummary }>();

  /** @param root a folder that exists */
  constructor(root: string) {
    this.root = realpathSync(root);
  }

  /** A run's folder; undefined for a name that is none, or that leads elsewhere. */
  folderOf(name: string): string | undefined {
    const segments = name.split('/');
    if (segments.length > 4 || !segments.every((one) => runName.test(one))) return undefined;
    const folder = insideOf(this.root, name);
    if (folder === undefined || folder === this.root || !isRun(folder)) return undefined;
    const leadsOut = (file: string): boolean =>
      existsSync(join(folder, file)) && insideOf(this.root, join(folder, file)) === undefined;
    return filesRead.some(leadsOut) ? undefined : folder;
  }

  /** All runs, the newest first; those of a comparison's methods follow on it. */
  async list(): Promise<RunSummary[]> {
    const groups: (readonly RunSummary[])[] = [];
    const names = new Set<string>();
    for (const name of listRuns(this.root)) {
      const isComparison = existsSync(join(this.root, name, 'comparison.json'));
      const members = isComparison ? listRuns(join(this.root, name)) : [];
      const group: RunSummary[] = [];
      for (const one of [name, ...members.map((member) => `${name}/${member}`)]) {
        const folder = this.folderOf(one);
        if (folder === undefined) continue;
        names.add(one);
        group.push(await this.#summary(one, folder));
      }
      groups.push(group);
    }
    for (const name of this.#summaries.keys()) if (!names.has(name)) this.#summaries.delete(name);
    const begun = (group: readonly RunSummary[]): string => group[0]?.began ?? '';
    return groups.sort((a, b) => begun(b).localeCompare(begun(a))).flat();
  }

  /** All that is shown of a run, the same object while nothing has changed; undefined where there is none of the name. */
  async view(name: string): Promise<RunView | undefined> {
    const source = await this.source(name);
    const run = this.#open.get(name);
    if (source === undefined || run === undefined) return undefined;
    const { folder, log } = source;
    const stamp = `${stampOf(folder, filesRead)} ${stateOf(folder, log)}`;
    if (run.shown?.stamp !== stamp) run.shown = { stamp, view: await viewOf(source, served) };
    return run.shown.view;
  }

  /** A run with its log, as far as it has been written. */
  async source(name: string): Promise<RunSource | undefined> {
    const folder = this.folderOf(name);
    if (folder === undefined) return undefined;
    const run = this.#opened(name, folder);
    const read = async (): Promise<void> => {
      await run.tail.read(
        (event) => run.log.add(event),
        () => {
          run.log = new LogState();
        },
      );
    };
    run.reading = run.reading.then(read, read);
    await run.reading;
    return { name, folder, log: run.log };
  }

  /** The one that was asked for longest ago makes room. */
  #opened(name: string, folder: string): OpenRun {
    const run = this.#open.get(name) ?? {
      tail: new LogTail(join(folder, 'events.jsonl')),
      log: new LogState(),
      reading: Promise.resolve(),
    };
    this.#open.delete(name);
    this.#open.set(name, run);
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= mostOpen) break;
      this.#open.delete(oldest);
    }
    return run;
  }

  /** Read again when a file has changed; whether a process is at work is looked up each time. */
  async #summary(name: string, folder: string): Promise<RunSummary> {
    const stamp = stampOf(folder, ['events.jsonl', 'results.json', 'repeats.json', 'lock']);
    const known = this.#summaries.get(name);
    const isSettled = known !== undefined && known.summary.state !== 'running';
    if (known?.stamp === stamp && isSettled) return known.summary;
    const summary = await readSummary(name, folder);
    this.#summaries.set(name, { stamp, summary });
    return summary;
  }
}

async function readSummary(name: string, folder: string): Promise<RunSummary> {
  try {
    const log = await readLogEnds(folder);
    // The same settings, at hand where the log tells them.
    const configuration = log.start?.plan ?? (await readConfiguration(folder, undefined));
    return summaryOf({ name, folder, log }, configuration, await readAccuracies(folder));
  } catch (error) {
    const state = stateOf(folder, new LogState());
    return { name, task: 'run', state, methods: [], message: messageOf(error) };
  }
}

/** Another one as soon as one of the files is. */
function stampOf(folder: string, files: readonly string[]): string {
  return files
    .map((file) => statSync(join(folder, file), { throwIfNoEntry: false }))
    .map((stat) => `${stat?.mtimeMs} ${stat?.size}`)
    .join();
}

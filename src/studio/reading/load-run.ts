import { basename, join } from 'node:path';
import { LogState } from './log-state.js';
import { LogTail } from './log-tail.js';
import type { RunSource } from './run-view.js';

/** Reads a run's whole log. Throws UsageError when a line of it is no event. */
export async function loadRun(folder: string, name = basename(folder)): Promise<RunSource> {
  const log = new LogState();
  const tail = new LogTail(join(folder, 'events.jsonl'));
  await tail.read(
    (event) => log.add(event),
    () => {},
  );
  return { name, folder, log };
}

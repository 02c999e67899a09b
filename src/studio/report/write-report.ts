import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { messageOf, UsageError } from '../../core/errors.js';
import { writeFileAtomic } from '../../core/files.js';
import { packageVersion } from '../../core/version.js';
import { isRun } from '../../run/directory.js';
import { pageFiles } from '../page-files.js';
import { loadRun } from '../reading/load-run.js';
import { viewOf } from '../reading/run-view.js';
import type { ReportData, RunView } from '../view.js';
import { embedded } from './embed.js';
import { reportHtml } from './html.js';

/** In a run's folder. */
export const reportFile = 'report.html';

/** With the page (0.6 MB) and what else a run shows, these keep a report below 3 MB; in bytes. */
const bytes = { snapshots: 1_500_000, leastSnapshots: 300_000, run: 120_000 };

/**
 * Writes a report of a run, with the runs that belong to it where it is a comparison, or of several runs beside each other.
 * @param folders of runs
 * @param path where it is written; `report.html` in the folder of the first run when left out
 * @returns where it is
 * @throws UsageError for a folder that is not a run's, and FailureError where the file cannot be written
 */
export async function writeReport(
  folders: readonly string[],
  path = join(resolve(folders[0]!), reportFile),
): Promise<string> {
  const views: RunView[] = [];
  const all = folders.flatMap(withMethods);
  const room = Math.max(bytes.leastSnapshots, bytes.snapshots - bytes.run * all.length);
  for (const { folder, name } of all) {
    const source = await loadRun(folder, name);
    views.push(await viewOf(source, embedded(room / all.length)));
  }
  const data: ReportData = {
    title: `${folders.map((folder) => basename(resolve(folder))).join(', ')} – ncfm`,
    version: packageVersion(),
    runs: views,
  };
  writeFileAtomic(path, reportHtml(data, await pageFiles()));
  return path;
}

/** A run; and of a comparison the runs of its methods. */
function withMethods(given: string): { readonly folder: string; readonly name: string }[] {
  const folder = resolve(given);
  const name = basename(folder);
  if (!isRun(folder)) {
    throw new UsageError(
      `${given} is not the folder of a run: it has neither config.yaml nor events.jsonl. Name one, such as runs/digits.`,
    );
  }
  const comparison = join(folder, 'comparison.json');
  if (!existsSync(comparison)) return [{ folder, name }];
  const methods = storedMethods(comparison).filter((method) => isRun(join(folder, method)));
  const runs = methods.map((method) => ({
    folder: join(folder, method),
    name: `${name}/${method}`,
  }));
  return [{ folder, name }, ...runs];
}

function storedMethods(comparison: string): readonly string[] {
  try {
    const { methods } = JSON.parse(readFileSync(comparison, 'utf8')) as { methods?: unknown };
    return Array.isArray(methods) ? methods.map(String) : [];
  } catch (cause) {
    throw new UsageError(`${comparison} cannot be read (${messageOf(cause)})`, { cause });
  }
}

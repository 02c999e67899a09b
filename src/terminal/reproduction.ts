import { formatDuration } from '../core/progress.js';
import type { RunReproduction } from '../evaluate/index.js';
import { labelOfSet } from '../plan/set-label.js';
import { accuracyCells, columnsTable, intervalCell } from './table.js';

/** A run of some method beside what is recorded of it, for people. */
export function describeReproduction(
  { accuracy, seconds, machine }: RunReproduction,
  method: string,
): string {
  const sets = Object.entries(accuracy);
  const rows = sets.map(([, figures]) => figures);
  const table = columnsTable([
    { title: 'set', cells: sets.map(([set]) => labelOfSet(set, method)) },
    { title: 'recorded (%)', cells: accuracyCells(rows) },
    { title: 'n', cells: rows.map(({ n }) => String(n)), alignment: 'end' },
    {
      title: 'expected, 95 %',
      cells: rows.map(({ expected }) => intervalCell({ interval95: expected })),
    },
    { title: 'here', cells: rows.map(({ found }) => found.toFixed(2)), alignment: 'end' },
    { title: '', cells: rows.map(({ verdict }) => verdict) },
  ]);
  const [here, there] = [seconds.found, seconds.recorded].map(formatDuration);
  return `${table}\ntime  ${here} here, without what was kept of earlier runs; ${there} recorded on ${machine}\n`;
}

import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { formatDuration } from '../run/progress.js';
import { formatSize } from '../run/size.js';
import type { PhaseSeconds, PipelineResult } from '../tasks/index.js';
import { accuracyTable } from './report/table.js';

/** The accuracies of a run beside its controls, and beside the whole data's where that is known, as a table. */
export function resultTable({
  accuracy,
  wholeData,
}: Pick<PipelineResult, 'accuracy' | 'wholeData'>): string {
  const { random, start, ncfm } = accuracy;
  return accuracyTable([
    { set: 'random', ...random },
    { set: 'start', ...start },
    { set: 'ncfm', ...ncfm },
    ...(wholeData ? [{ set: `all data, ${wholeData.epochs} epochs`, ...wholeData }] : []),
  ]);
}

/** What a run made beside its numbers. */
const products = [
  { title: 'images', file: 'images.png' },
  { title: 'accuracy', file: 'accuracy.svg' },
  { title: 'loss', file: 'discrepancy.svg' },
  { title: 'dataset', file: 'distilled' },
];

/** Where a run's pictures and its distilled set are, and how long each stage took. */
export function runSummary({
  directory,
  seconds,
  memory,
}: Pick<PipelineResult, 'directory' | 'seconds' | 'memory'>): string {
  const lines = products
    .map(({ title, file }) => [title, join(directory, file)] as const)
    .filter(([, path]) => existsSync(path))
    .map(([title, path]) => [title, relative('', path) || path] as const);
  const memoryUsed = ['memory', `${formatSize(memory.peak)} at most`] as const;
  return [...lines, ['time', stageTimes(seconds)] as const, memoryUsed]
    .map(([title, text]) => `${title.padEnd(8)}  ${text}\n`)
    .join('');
}

function stageTimes(seconds: PhaseSeconds): string {
  return (['pretrain', 'distill', 'evaluate'] as const)
    .flatMap((stage) => {
      const time = seconds[stage];
      return time === undefined ? [] : [`${stage} ${formatDuration(time)}`];
    })
    .join(', ');
}

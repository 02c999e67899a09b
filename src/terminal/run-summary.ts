import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { formatDuration } from '../core/progress.js';
import { formatSize } from '../core/size.js';
import type { PhaseSeconds, PipelineResult } from '../pipeline/index.js';

const products = [
  { title: 'report', file: 'report.html' },
  { title: 'images', file: 'images.png' },
  { title: 'accuracy', file: 'accuracy.svg' },
  { title: 'repeats', file: 'repeats.json' },
  { title: 'loss', file: 'loss.svg' },
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

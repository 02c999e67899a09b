import { resolve } from 'node:path';
import { formatDuration } from '../core/progress.js';
import { formatSize } from '../core/size.js';
import type { FittedTime, PlanEstimate } from '../pipeline/index.js';
import { alignColumns } from './table.js';

/** What a run is going to take, for people. */
export function describeEstimate(estimate: PlanEstimate, cache: string): string {
  const { stages, seconds, memory, disk, networks } = estimate;
  const rows = [
    ['stage', 'time', 'memory'],
    ...stages.map((stage) => [stage.stage, formatDuration(stage.seconds), formatSize(stage.bytes)]),
    ['total', formatDuration(seconds), formatSize(memory.estimate)],
  ];
  const { real, synthetic, test } = memory.chunks;
  const facts = [
    [
      'chunks',
      `${real} real images, ${counted(synthetic, 'class', 'classes')}, ${test} test images at once`,
    ],
    [
      'memory',
      memory.budget === 'auto' ? 'no limit' : `to stay under ${formatSize(memory.budget)}`,
    ],
    ['networks', describeNetworks(networks, cache)],
    ['disk', `${formatSize(disk.run)} for the run, ${formatSize(disk.cache)} for networks`],
  ] as const;
  const lines = facts.map(([title, text]) => `${title.padEnd(8)}  ${text}\n`);
  return `${alignColumns(rows, ['start', 'end', 'end'])}\n${lines.join('')}`;
}

function describeNetworks({ total, ready }: PlanEstimate['networks'], cache: string): string {
  if (ready === 0) return `${total} to be pretrained`;
  const folder = resolve(cache);
  if (ready === total) return `all ${total} are in ${folder} already, none is pretrained`;
  return `${ready} of ${total} are in ${folder} already, the others are pretrained`;
}

function counted(count: number, one: string, several: string): string {
  return `${count} ${count === 1 ? one : several}`;
}

/** What was chosen to fill some time, for people; the settings last, as they are to be given again. */
export function describeFitted(fitted: FittedTime): string {
  const { settings, width, epochs, networks, iterations, steps, evaluated, seconds } = fitted;
  const rows = [
    [
      `${networks} networks of the pool, ${epochs.toPrecision(2)} epochs each`,
      seconds.pretrain,
      networks > 0,
    ],
    [`${iterations} iterations`, seconds.distill, true],
    [`${evaluated} networks evaluated, ${steps} steps each`, seconds.evaluate, true],
  ] as const;
  const stages = rows
    .filter(([, , happens]) => happens)
    .map(([what, time]) => `  ${what}: ${formatDuration(time)}\n`);
  const wide = width === null ? '' : `networks of width ${width}, `;
  return `chosen: ${wide}about ${formatDuration(fitted.total)} in all\n${stages.join('')}  (--set ${settings.map((one) => `'${one}'`).join(' --set ')})`;
}

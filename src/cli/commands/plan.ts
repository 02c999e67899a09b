import { resolve } from 'node:path';
import type { Command } from 'commander';
import { formatDuration } from '../../core/progress.js';
import { formatSize } from '../../core/size.js';
import type { PlanEstimate } from '../../pipeline/index.js';
import { alignColumns } from '../../terminal/table.js';
import { resolvePlan, watch } from '../execute.js';
import type { Invocation } from '../invocation.js';
import { addComputeOptions, type ComputeOptions } from '../options.js';

export function addPlanCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('plan')
    .summary('tell how long a run will take, and how much memory')
    .description(
      "Does a little of each stage's work on this machine and tells what the whole run will take: time, memory and " +
        'disk, stage by stage. Keeps nothing of it.',
    )
    .argument('[config]', 'a preset (see ncfm presets) or a YAML file; own-data with --data alone');
  addComputeOptions(command, ['ncfm plan fashion-ipc10 --memory 2GB']).action(
    async (config: string | undefined, options: ComputeOptions) => {
      const { estimatePlan } = await import('../../pipeline/index.js');
      const { plan } = await resolvePlan(config, options);
      const estimate = await watch(invocation, options, (watched) =>
        estimatePlan({ plan, cache: options.cache, ...watched }),
      );
      invocation.print(estimate, describeEstimate(estimate, options.cache), options);
    },
  );
}

function describeEstimate(estimate: PlanEstimate, cache: string): string {
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

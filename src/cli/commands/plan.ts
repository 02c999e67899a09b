import type { Command } from 'commander';
import { describeEstimate } from '../../terminal/estimate.js';
import { resolvePlan } from '../execute.js';
import { fitTime } from '../fit-time.js';
import type { Invocation } from '../invocation.js';
import { addComputeOptions, addTimeOption, type ComputeOptions } from '../options.js';
import { watch } from '../watch.js';

export function addPlanCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('plan')
    .summary('tell how long a run will take, and how much memory')
    .description(
      "Does a little of each stage's work on this machine and tells what the whole run will take: time, memory and " +
        'disk, stage by stage. Keeps nothing of it.',
    )
    .argument('[config]', 'a preset (see ncfm presets) or a YAML file; own-data with --data alone');
  addTimeOption(command);
  addComputeOptions(command, [
    'ncfm plan fashion-ipc10 --memory 2GB',
    'ncfm plan --data path/to/folder --minutes 15',
  ]).action(async (config: string | undefined, options: ComputeOptions) => {
    const { estimatePlan } = await import('../../pipeline/index.js');
    const first = await resolvePlan(config, options);
    const { plan } = await resolvePlan(config, await fitTime(invocation, first.plan, options));
    const estimate = await watch(invocation, options, (watched) =>
      estimatePlan({ plan, cache: options.cache, ...watched }),
    );
    invocation.print(estimate, describeEstimate(estimate, options.cache), options);
  });
}

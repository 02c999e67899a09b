import type { Command } from 'commander';
import { formatDuration } from '../../core/progress.js';
import { resolvePlan } from '../execute.js';
import { withGroup } from '../group-run.js';
import type { Invocation } from '../invocation.js';
import { addComputeOptions, type ComputeOptions } from '../options.js';
import { watch } from '../watch.js';

export function addPretrainCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('pretrain')
    .summary('train the pool of feature extractors')
    .description(
      'Trains the networks that distillation compares features by, and keeps them for later runs. ' +
        'Networks that are there already are not trained again, so an interrupted pretraining goes on.',
    )
    .argument('[config]', 'a preset (see ncfm presets) or a YAML file; own-data with --data alone');
  addComputeOptions(command, ['ncfm pretrain fashion-quick --set pretrain.networks=8']).action(
    async (config: string | undefined, options: ComputeOptions) => {
      const { pretrainOnly, repeatedPlans } = await import('../../pipeline/index.js');
      const { plan } = await resolvePlan(config, options);
      const { cache } = options;
      const results = await withGroup(invocation, cache, (group) =>
        watch(invocation, options, async (watched) => {
          const pools: Awaited<ReturnType<typeof pretrainOnly>>[] = [];
          for (const each of repeatedPlans(plan)) {
            pools.push(await pretrainOnly({ plan: each, cache, group, ...watched }));
          }
          return pools;
        }),
      );
      const networks = results.reduce((sum, pool) => sum + pool.networks, 0);
      const seconds = results.reduce((sum, pool) => sum + pool.seconds, 0);
      const result = { ...results.at(-1)!, networks, seconds };
      const text = `${networks} networks ready in ${options.cache} (${formatDuration(seconds)})\n`;
      invocation.print(result, text, options);
    },
  );
}

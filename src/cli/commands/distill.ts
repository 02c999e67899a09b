import type { Command } from 'commander';
import { runSummary } from '../../terminal/run-summary.js';
import { executeRun, type RunOptions } from '../execute.js';
import type { Invocation } from '../invocation.js';
import { addRunOptions } from '../options.js';

export function addDistillCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('distill')
    .summary('distil a dataset, without evaluating')
    .description(
      'Pretrains feature extractors (or reuses them) and distils the dataset. Prints the run directory.',
    );
  addRunOptions(command, [
    'ncfm distill fashion-quick --name mine && ncfm evaluate runs/mine',
  ]).action(async (config: string | undefined, options: RunOptions) => {
    const { distillOnly, forEachRepeat } = await import('../../pipeline/index.js');
    const { distillStages } = await import('../../capacity/index.js');
    const results = await executeRun(
      invocation,
      { command: 'distill', source: config, options, stages: distillStages },
      (request) => forEachRepeat(request, distillOnly),
    );
    const [first] = results;
    const result = results.length > 1 ? { ...first!, runs: results } : first!;
    const folders = results.map(({ directory }) => `${directory}\n`).join('');
    invocation.print(result, folders, options);
    invocation.tell(runSummary(first!), options);
  });
}

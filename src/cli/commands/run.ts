import type { Command } from 'commander';
import { executeRun, type RunOptions } from '../execute.js';
import type { Invocation } from '../invocation.js';
import { addRunOptions } from '../options.js';
import { resultTable, runSummary } from '../summary.js';

/** `ncfm run`: the whole chain. */
export function addRunCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('run')
    .summary('pretrain, distil and evaluate')
    .description(
      'Pretrains feature extractors (or reuses them), distils the dataset, and trains fresh networks on the result, ' +
        'on random real images and on the unoptimised start. Prints their accuracies.',
    );
  addRunOptions(command, [
    'ncfm run digits',
    'ncfm run --data path/to/folder --ipc 5',
    'ncfm run my.yaml --set distill.iterations=500 --seed 1 --name long',
    'ncfm run runs/long',
  ]).action(async (config: string | undefined, options: RunOptions) => {
    const { runPipeline } = await import('../../tasks/pipeline.js');
    const result = await executeRun(
      invocation,
      { command: 'run', source: config, options },
      runPipeline,
    );
    invocation.print(result, resultTable(result), options);
    invocation.tell(runSummary(result), options);
  });
}

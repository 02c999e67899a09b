import type { Command } from 'commander';
import { executeRun, type RunOptions } from '../execute.js';
import type { Invocation } from '../invocation.js';
import { addRunOptions, addTimeOption } from '../options.js';
import { printResults } from '../summary.js';

export function addRunCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('run')
    .summary('pretrain, distil and evaluate')
    .description(
      'Pretrains feature extractors (or reuses them), distils the dataset, and trains fresh networks on the result, ' +
        'on random real images and on the unoptimised start. Prints their accuracies.',
    );
  addTimeOption(command);
  addRunOptions(command, [
    'ncfm run digits',
    'ncfm run --data path/to/folder --ipc 5 --minutes 15',
    'ncfm run my.yaml --set distill.iterations=500 --seed 1 --name long',
    'ncfm run digits --repeats 3',
    'ncfm run runs/long',
  ]).action(async (config: string | undefined, options: RunOptions) => {
    const { evaluateRepeats, runPipeline } = await import('../../pipeline/index.js');
    const results = await executeRun(
      invocation,
      { command: 'run', source: config, options },
      (request) => evaluateRepeats(request, runPipeline),
    );
    printResults(invocation, results, options);
  });
}

import type { Command } from 'commander';
import { executeRun, type RunOptions } from '../execute.js';
import type { Invocation } from '../invocation.js';
import { addRunOptions } from '../options.js';
import { repeatsTable, resultTable, runSummary } from '../summary.js';

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
    'ncfm run digits --repeats 3',
    'ncfm run runs/long',
  ]).action(async (config: string | undefined, options: RunOptions) => {
    const { forEachRepeat, reportRepeats, runPipeline } = await import('../../pipeline/index.js');
    const { results, repeated } = await executeRun(
      invocation,
      { command: 'run', source: config, options },
      async (request) => {
        const results = await forEachRepeat(request, runPipeline);
        return { results, repeated: results.length > 1 && reportRepeats(request, results) };
      },
    );
    const [first] = results;
    if (repeated) invocation.print(repeated, repeatsTable(repeated), options);
    else invocation.print(first!, resultTable(first!), options);
    invocation.tell(runSummary(repeated || first!), options);
  });
}

import type { Command } from 'commander';
import { executeRun, type RunOptions } from '../execute.js';
import type { Invocation } from '../invocation.js';
import {
  addCacheOption,
  addDirectoryOptions,
  addOutputOptions,
  addPlanOptions,
} from '../options.js';
import { resultTable, runSummary } from '../summary.js';

/** `ncfm run`: the whole chain. */
export function addRunCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('run')
    .summary('pretrain, distil and evaluate')
    .description(
      'Pretrains feature extractors (or reuses them), distils the dataset, and trains fresh networks on the result, ' +
        'on random real images and on the unoptimised start. Prints their accuracies.',
    )
    .argument(
      '[config]',
      "a preset (see ncfm presets), a YAML file, or a run's folder to go on with; own-data with --data alone",
    );
  addPlanOptions(command);
  addDirectoryOptions(command);
  addCacheOption(command);
  addOutputOptions(command)
    .addHelpText(
      'after',
      '\nExamples:\n  ncfm run digits\n  ncfm run --data path/to/folder --ipc 5\n  ncfm run my.yaml --set distill.iterations=500 --seed 1 --name long\n  ncfm run runs/long',
    )
    .action(async (config: string | undefined, options: RunOptions) => {
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

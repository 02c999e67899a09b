import { join, relative } from 'node:path';
import type { Command } from 'commander';
import { continualTable } from '../../terminal/continual-table.js';
import { executeRun, type RunOptions } from '../execute.js';
import type { Invocation } from '../invocation.js';
import { addRunOptions } from '../options.js';

export function addContinualCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('continual')
    .summary('learn classes step by step, from distilled memories')
    .description(
      'Class-incremental learning: the classes come in steps, and of the images of each step only a few per class are ' +
        'kept in a memory, distilled or chosen. After each step networks are trained on the memory and tested on all ' +
        'classes seen. Prints the accuracies. A run that was stopped goes on after what it has finished.',
    );
  addRunOptions(command, [
    'ncfm continual fashion-continual --threads 1',
    'ncfm continual digits --set continual.steps=2 --name two-steps',
    'ncfm continual runs/two-steps',
  ]).action(async (config: string | undefined, options: RunOptions) => {
    const { runContinual, curveTitle } = await import('../../downstream/index.js');
    const run = { command: 'continual', source: config, options } as const;
    const { directory, result } = await executeRun(invocation, run, async (request) => ({
      directory: request.directory.path,
      result: await runContinual(request),
    }));
    invocation.print({ ...result, directory }, continualTable(result, curveTitle), options);
    invocation.tell(`curves  ${relative('', join(directory, 'continual.svg'))}\n`, options);
  });
}

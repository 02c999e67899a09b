import type { Command } from 'commander';
import type { InspectionReport } from '../../../data/inspect.js';
import { interruptible } from '../../interruption.js';
import type { Invocation } from '../../invocation.js';
import { addOutputOptions } from '../../options.js';
import { describeReport } from './check-report.js';
import { addSourceOptions, openNamedSource, type SourceOptions } from './open.js';
import { DataProgress } from './progress.js';

/** `ncfm data check`: reads a whole dataset and tells what is in it. */
export function addCheckCommand(parent: Command, invocation: Invocation): void {
  const command = parent
    .command('check')
    .summary('read a whole dataset and tell what is in it')
    .description(
      'Reads every image of a dataset: images per class, order of the classes, mean and deviation, damaged files (each ' +
        'one), and images that occur more than once, above all in training and test. Exits with 1 if a file is damaged.',
    )
    .argument('<dataset>', 'a name (see ncfm data list) or a path, such as ./pets');
  addSourceOptions(command);
  addOutputOptions(command)
    .addHelpText('after', '\nExample:\n  ncfm data check digits')
    .action(async (dataset: string, options: SourceOptions) => {
      const report = await check(dataset, options, invocation);
      const damaged = report.parts.reduce((sum, part) => sum + part.damaged.length, 0);
      if (damaged > 0) invocation.exitCode = 1;
      invocation.print({ dataset, ...report }, describeReport(dataset, report), options);
    });
}

async function check(
  dataset: string,
  options: SourceOptions,
  invocation: Invocation,
): Promise<InspectionReport> {
  const { inspectableDataset, inspectablePictures, inspectDataset } = await import(
    '../../../data/inspect.js'
  );
  const source = await openNamedSource(dataset, options, invocation);
  const parts =
    source.kind === 'images'
      ? [source.pair.train, source.pair.test].map(inspectableDataset)
      : [source.train, source.test].map(inspectablePictures);
  using progress = new DataProgress(invocation, options);
  const stopping = (): void => {
    invocation.stderr.write('Stopping.\n');
  };
  return await interruptible(stopping, (signal) =>
    inspectDataset(parts, {
      signal,
      onProgress: (done, total) =>
        progress.show('check', done, total, `${done} of ${total} images`),
    }),
  );
}

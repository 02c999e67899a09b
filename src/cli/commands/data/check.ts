import { join } from 'node:path';
import type { Command } from 'commander';
import type { OpenedSource } from '../../../data/index.js';
import { remarkableBrightness } from '../../../data/inspection/brightness.js';
import type { Inspectable, InspectionReport } from '../../../data/inspection/inspect.js';
import { progress } from '../../../terminal/narrate.js';
import type { TerminalReporter } from '../../../terminal/terminal.js';
import { interruptible } from '../../interruption.js';
import type { Invocation } from '../../invocation.js';
import { addOutputOptions } from '../../options.js';
import { describeReport } from './check-report.js';
import {
  addSourceOptions,
  dataProgress,
  decodingState,
  openNamedSource,
  type SourceOptions,
} from './open.js';

export function addCheckCommand(parent: Command, invocation: Invocation): void {
  const command = parent
    .command('check')
    .summary('read a whole dataset and tell what is in it')
    .description(
      'Reads every image of a dataset: images per class, order of the classes, mean and deviation, damaged files (each ' +
        'one), and images that occur more than once, above all in training and test. Exits with 1 if a file is damaged. ' +
        'Pictures are decoded into the cache, where ncfm run finds them.',
    )
    .argument('<dataset>', 'a name (see ncfm data list) or a path, such as ./pets');
  addSourceOptions(command);
  addOutputOptions(command)
    .addHelpText('after', '\nExample:\n  ncfm data check digits')
    .action(async (dataset: string, options: SourceOptions) => {
      const report = await check(dataset, options, invocation);
      const warning = remarkableBrightness(dataset, report.parts[0]?.mean ?? []);
      if (warning !== undefined) invocation.tell(`warning: ${warning}\n`, options);
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
  const { inspectDataset } = await import('../../../data/inspection/inspect.js');
  const source = await openNamedSource(dataset, options, invocation);
  using reporter = dataProgress(invocation, options);
  const stopping = (): void => {
    invocation.stderr.write('Stopping.\n');
  };
  return await interruptible(stopping, async (signal) => {
    const parts = await inspectable(source, { options, invocation, reporter, signal });
    return await inspectDataset(parts, {
      signal,
      onProgress: (done, total) =>
        reporter?.show(progress('check', [done, total], `${done} of ${total} images`)),
    });
  });
}

interface CheckContext {
  readonly options: SourceOptions;
  readonly invocation: Invocation;
  readonly reporter: TerminalReporter | undefined;
  readonly signal: AbortSignal;
}

/** Pictures are decoded into the cache, where later commands find them; all files are read, whatever it holds. */
async function inspectable(
  source: OpenedSource,
  { options, invocation, reporter, signal }: CheckContext,
): Promise<Inspectable[]> {
  const { inspectableDataset, inspectablePictures } = await import(
    '../../../data/inspection/inspect.js'
  );
  if (source.kind === 'images')
    return [source.pair.train, source.pair.test].map(inspectableDataset);
  const { openCachedPair } = await import('../../../data/reading.js');
  const pair = await openCachedPair(source, {
    folder: join(options.cache, 'data'),
    thorough: true,
    onProgress: (decoding) => reporter?.show(decodingState(decoding)),
    onNote: (note) => invocation.tell(`${note}\n`, options),
    signal,
  });
  return [
    inspectablePictures(source.train, pair.train, pair.damaged.train),
    inspectablePictures(source.test, pair.test, pair.damaged.test),
  ];
}

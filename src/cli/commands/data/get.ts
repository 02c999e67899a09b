import type { Command } from 'commander';
import { formatSize } from '../../../core/size.js';
import { findInCatalog } from '../../../data/catalog/catalog.js';
import type { GetOutcome, GetProgress } from '../../../data/catalog/get-dataset.js';
import { type Progress, progress } from '../../../terminal/narrate.js';
import { interruptible } from '../../interruption.js';
import type { Invocation } from '../../invocation.js';
import { addOutputOptions, type OutputOptions } from '../../options.js';
import { dataProgress } from './open.js';

interface GetCommandOptions extends OutputOptions {
  readonly to?: string;
  readonly keepArchives?: boolean;
}

/** `ncfm data get`: the one command that downloads. */
export function addGetCommand(parent: Command, invocation: Invocation): void {
  const command = parent
    .command('get')
    .summary('download a dataset')
    .description(
      'Downloads a dataset, verifies it and unpacks it. What is there already is kept, and an interrupted download goes ' +
        'on where it was. No other command downloads anything.',
    )
    .argument('<name>', 'a dataset of ncfm data list')
    .option(
      '--to <folder>',
      "the dataset's folder (default: $NCFM_DATA/<name>, or data/<name> here)",
    )
    .option('--keep-archives', 'keep archives after they are unpacked');
  addOutputOptions(command)
    .addHelpText('after', '\nExample:\n  ncfm data get cifar-10')
    .action(async (name: string, options: GetCommandOptions) => {
      const outcome = await get(name, options, invocation);
      invocation.print(outcome, describeOutcome(outcome), options);
    });
}

async function get(
  name: string,
  options: GetCommandOptions,
  invocation: Invocation,
): Promise<GetOutcome> {
  const { getDataset } = await import('../../../data/catalog/get-dataset.js');
  const terms = findInCatalog(name)?.terms;
  if (terms !== undefined) invocation.tell(`${name}: ${terms}\n`, options);
  using reporter = dataProgress(invocation, options);
  const stopping = (): void => {
    invocation.stderr.write('Stopping; the same command goes on from here.\n');
  };
  return await interruptible(stopping, (signal) =>
    getDataset({
      name,
      to: options.to,
      keepArchives: options.keepArchives,
      signal,
      onProgress: (step) => reporter?.show(stateOf(step)),
    }),
  );
}

function stateOf(step: GetProgress): Progress {
  if (step.stage === 'download') {
    const { done, total, file } = step;
    const detail = `${file}  ${formatSize(done)} of ${formatSize(total)}`;
    return progress('download', [done, total], detail);
  }
  // How many files there are is known only at the end: the work counts up.
  const { files, bytes, file } = step;
  const detail = `${file}  ${files} files  ${formatSize(bytes)}`;
  return progress('unpack', [files, Number.POSITIVE_INFINITY], detail);
}

function describeOutcome({ name, folder, outcome }: GetOutcome): string {
  if (outcome === 'package') return `${name} comes with ncfm; there is nothing to get\n`;
  const text = outcome === 'complete' ? 'is complete already' : 'is ready';
  return `${name} ${text} in ${folder}\n`;
}

import { join } from 'node:path';
import type { Command } from 'commander';
import type { DecodingProgress } from '../../../data/cache/open-pair.js';
import type { DatasetPair } from '../../../data/dataset/dataset.js';
import type { DatasetSelection, OpenedSource } from '../../../data/index.js';
import { type Progress, progress } from '../../../terminal/narrate.js';
import { TerminalReporter } from '../../../terminal/terminal.js';
import type { Invocation } from '../../invocation.js';
import { addCacheOption, type CacheOptions, type OutputOptions } from '../../options.js';

/** Options of the commands that open a dataset. */
export interface SourceOptions extends OutputOptions, CacheOptions {
  readonly root?: string;
}

export function addSourceOptions(command: Command): Command {
  command.option('--root <folder>', 'folder that holds a named dataset');
  return addCacheOption(command);
}

/** Shows on standard error how far a long command is; nothing with `--quiet`. */
export function dataProgress(
  { stderr }: Invocation,
  { quiet }: OutputOptions,
): TerminalReporter | undefined {
  return quiet ? undefined : new TerminalReporter(stderr);
}

export function decodingState({ data, done, total }: DecodingProgress): Progress {
  return progress('decode', [done, total], `${data}, ${done} of ${total} pictures`);
}

/** What the user calls a dataset: a name, or the path of one's own. */
async function selectionOf(text: string, { root }: SourceOptions): Promise<DatasetSelection> {
  const { datasetNames } = await import('../../../data/index.js');
  const named = datasetNames.includes(text) || !/[\\/.]/.test(text);
  return { ...(named ? { name: text } : { path: text }), root };
}

/**
 * Opens a dataset without decoding its pictures.
 *
 * @throws UsageError if there is no such dataset, or it can't be read.
 */
export async function openNamedSource(
  text: string,
  options: SourceOptions,
  invocation: Invocation,
): Promise<OpenedSource> {
  const { openSource } = await import('../../../data/index.js');
  const tell = (note: string): void => invocation.tell(`${note}\n`, options);
  return openSource(await selectionOf(text, options), tell);
}

/**
 * Opens a dataset; its pictures are decoded into the cache.
 *
 * @throws UsageError if there is no such dataset, or it can't be read.
 */
export async function openNamed(
  text: string,
  options: SourceOptions,
  invocation: Invocation,
): Promise<DatasetPair> {
  const { openDataset } = await import('../../../data/index.js');
  using reporter = dataProgress(invocation, options);
  return await openDataset(await selectionOf(text, options), {
    cache: join(options.cache, 'data'),
    onNote: (note) => invocation.tell(`${note}\n`, options),
    onWarning: (warning) => invocation.tell(`warning: ${warning}\n`, options),
    onProgress: (decoding) => reporter?.show(decodingState(decoding)),
  });
}

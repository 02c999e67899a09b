import type { Command } from 'commander';
import { formatSize } from '../../../core/size.js';
import { catalog } from '../../../data/catalog/catalog.js';
import type { CatalogEntry } from '../../../data/catalog/catalog-entry.js';
import { downloadFolder } from '../../../data/catalog/data-folders.js';
import { alignColumns } from '../../../terminal/table.js';
import type { Invocation } from '../../invocation.js';
import { addJsonOption, type OutputOptions } from '../../options.js';

export function addListCommand(parent: Command, invocation: Invocation): void {
  const command = parent
    .command('list')
    .summary('list the datasets that have a name')
    .description(
      'Lists the datasets that can be had by name: images, classes, size of the download, and whether they are here.',
    );
  addJsonOption(command)
    .addHelpText('after', '\nExample:\n  ncfm data list')
    .action(async (options: OutputOptions) => {
      const datasets = await Promise.all(catalog.map(describe));
      invocation.print({ datasets }, table(datasets), options);
    });
}

interface Listed extends Omit<CatalogEntry, 'source' | 'layout'> {
  /** Of the files to download, in bytes; 0 if it comes with the package. */
  readonly download: number;
  readonly here: boolean;
  /** Where it is, or would be put. */
  readonly folder: string | null;
}

async function describe({ source, layout: _, ...entry }: CatalogEntry): Promise<Listed> {
  if (source.kind === 'package') return { ...entry, download: 0, here: true, folder: null };
  const download = source.files.reduce((sum, { size }) => sum + size, 0);
  const { findDownloaded } = await import('../../../data/catalog/get-dataset.js');
  const found = await findDownloaded(entry.name);
  const folder = found ?? downloadFolder(entry.name);
  return { ...entry, download, here: found !== undefined, folder };
}

function table(datasets: readonly Listed[]): string {
  const rows = datasets.map(({ name, classes, images, size, download, folder, here }) => [
    name,
    String(classes),
    `${images.train} + ${images.test}`,
    size,
    folder === null ? 'in the package' : here ? 'is here' : formatSize(download),
  ]);
  const head = ['name', 'classes', 'train + test', 'image', 'download'];
  const all = alignColumns(
    [head, ...rows],
    head.map(() => 'start'),
  );
  const width = Math.max(...[head, ...rows].map(([name]) => name!.length));
  const terms = datasets.map(({ name, terms }) => `${name.padEnd(width)}  ${terms}\n`);
  return `${all}\nTerms of use\n${terms.join('')}`;
}

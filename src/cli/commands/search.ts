import { join, relative } from 'node:path';
import type { Command } from 'commander';
import { formatDuration } from '../../core/progress.js';
import { formatSize } from '../../core/size.js';
import type { ProxyResult, SearchResult } from '../../downstream/index.js';
import { labelOfSet } from '../../plan/set-label.js';
import { alignColumns } from '../../terminal/table.js';
import { executeRun, type RunOptions } from '../execute.js';
import type { Invocation } from '../invocation.js';
import { addRunOptions } from '../options.js';

export function addSearchCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('search')
    .summary('search for an architecture on distilled data')
    .description(
      'Trains every network of a space on a distilled set (distilled first, or that of search.run), on as many random ' +
        'images, and briefly on all of them, and puts them in order by held-out training images. A sample trained on ' +
        'all images tells how right each order is.',
    );
  addRunOptions(command, [
    'ncfm search fashion-search',
    'ncfm search fashion-search --set search.run=runs/fashion-quick --name mine',
    'ncfm search runs/mine',
  ]).action(async (config: string | undefined, options: RunOptions) => {
    const { checkSearch, searchArchitectures } = await import('../../downstream/index.js');
    const run = { command: 'search', source: config, options, check: checkSearch } as const;
    const { directory, result } = await executeRun(invocation, run, async (request) => ({
      directory: request.directory.path,
      result: await searchArchitectures(request),
    }));
    invocation.print({ ...result, directory }, searchTable(result), options);
    const chart = join(directory, 'search.svg');
    invocation.tell(`chart     ${relative('', chart) || chart}\n`, options);
  });
}

/** How well each proxy puts architectures in order, beside training on all images; then what each found. */
function searchTable({ method, proxies, wholeData }: SearchResult): string {
  const rows = proxies.map((result) => [
    labelOfSet(result.proxy, method),
    String(result.images),
    formatSize(result.bytes),
    String(result.steps),
    formatDuration(result.seconds.total),
    correlationCell(result.correlation.spearman),
    correlationCell(result.correlation.kendall),
    ...regretCells(result),
    result.found.wholeData.toFixed(2),
    result.found.candidate,
  ]);
  const tops = proxies[0]?.regret ?? [];
  const whole = [
    'all images',
    String(wholeData.images),
    formatSize(wholeData.bytes),
    String(wholeData.steps),
    formatDuration(wholeData.seconds.total),
    ...['', ''],
    ...tops.map(() => ''),
    wholeData.best.accuracy.toFixed(2),
    wholeData.best.candidate,
  ];
  const heading = [
    ...['proxy', 'images', 'size', 'steps', 'time', 'Spearman', 'Kendall'],
    ...tops.map(({ top }) => `regret@${top}`),
    ...['test (%)', 'found'],
  ];
  return alignColumns(
    [heading, ...rows, whole],
    heading.map((_, column) => (column === 0 || column === heading.length - 1 ? 'start' : 'end')),
  );
}

function correlationCell(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(2);
}

function regretCells({ regret }: ProxyResult): string[] {
  return regret.map(({ points }) => points.toFixed(2));
}

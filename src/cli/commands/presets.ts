import type { Command } from 'commander';
import { listPresets, type Preset } from '../../config/presets.js';
import { alignColumns } from '../../terminal/table.js';
import type { Invocation } from '../invocation.js';
import { addJsonOption, type OutputOptions } from '../options.js';

export function addPresetsCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('presets')
    .summary('list the configurations that come with ncfm')
    .description(
      'Lists the configurations that come with ncfm by their data, one a line, with the test accuracy that was ' +
        "published for the setting: others' figures, for comparison. What ncfm has measured is in docs/results.md.",
    );
  addJsonOption(command)
    .addHelpText('after', '\nExample:\n  ncfm presets\n  ncfm run digits')
    .action((options: OutputOptions) => {
      const presets = listPresets();
      invocation.print({ presets }, listing(presets), options);
    });
}

/** The presets below the data that they are for, the published accuracies with the number of their source. */
function listing(presets: readonly Preset[]): string {
  const sources = [...new Set(presets.flatMap(({ published }) => published?.source ?? []))];
  const cells = presets.map(({ name, summary, published }) => [
    `  ${name}`,
    published === undefined
      ? ''
      : `${published.accuracy.toFixed(1)} [${sources.indexOf(published.source) + 1}]`,
    published?.network ?? '',
    summary.slice(dataOf(summary).length + 2),
  ]);
  const heading = ['preset', 'published', 'network', 'what'];
  const table = alignColumns([heading, ...cells], ['start', 'end', 'start', 'start']);
  const [first = '', ...lines] = table.trimEnd().split('\n');
  const grouped = lines.flatMap((line, index) => {
    const [data, before] = [index, index - 1].map((at) => dataOf(presets[at]?.summary ?? ''));
    return data === before ? [line] : ['', data, line];
  });
  const published = [
    '',
    'published: test accuracy in % that others have published, not measured by ncfm',
    ...sources.map((source, index) => `  [${index + 1}] ${source}`),
  ];
  return `${[first, ...grouped, ...published].join('\n')}\n`;
}

function dataOf(summary: string): string {
  return summary.split(', ')[0] ?? '';
}

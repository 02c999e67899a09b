import type { Command } from 'commander';
import { listPresets } from '../../config/presets.js';
import type { Invocation } from '../invocation.js';
import { addJsonOption, type OutputOptions } from '../options.js';
import { alignColumns } from '../report/table.js';

/** `ncfm presets`: what is ready to run. */
export function addPresetsCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('presets')
    .summary('list the configurations that come with ncfm')
    .description(
      'Lists the configurations that come with ncfm, one a line, with the test accuracy that was published for the ' +
        "setting: others' figures, for comparison. What ncfm has measured is in docs/results.md.",
    );
  addJsonOption(command)
    .addHelpText('after', '\nExample:\n  ncfm presets\n  ncfm run digits')
    .action((options: OutputOptions) => {
      const presets = listPresets();
      const rows = presets.map(({ name, summary, published }) => [
        name,
        published ? published.accuracy.toFixed(1) : '',
        summary,
      ]);
      const table = alignColumns(
        [['preset', 'published', 'what'], ...rows],
        ['start', 'end', 'start'],
      );
      invocation.print({ presets }, table, options);
    });
}

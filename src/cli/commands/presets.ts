import type { Command } from 'commander';
import { listPresets } from '../../config/presets.js';
import type { Invocation } from '../invocation.js';
import { addJsonOption, type OutputOptions } from '../options.js';

/** `ncfm presets`: what is ready to run. */
export function addPresetsCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('presets')
    .summary('list the configurations that come with ncfm')
    .description('Lists the configurations that come with ncfm, one a line.');
  addJsonOption(command)
    .addHelpText('after', '\nExample:\n  ncfm presets\n  ncfm run digits')
    .action((options: OutputOptions) => {
      const presets = listPresets();
      const width = Math.max(...presets.map(({ name }) => name.length));
      const lines = presets.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}\n`);
      invocation.print({ presets }, lines.join(''), options);
    });
}

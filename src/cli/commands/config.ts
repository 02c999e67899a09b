import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { ImportedKey } from '../../config/index.js';
import { UsageError } from '../../core/errors.js';
import { writeFileAtomic } from '../../core/files.js';
import { alignColumns } from '../../terminal/table.js';
import { resolvePlan } from '../execute.js';
import type { Invocation } from '../invocation.js';
import { addJsonOption, addOutputOptions, addPlanOptions, type PlanOptions } from '../options.js';

interface ImportOptions {
  readonly out?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function addConfigCommand(program: Command, invocation: Invocation): void {
  const config = program
    .command('config')
    .summary('show a configuration, or import one of the official project')
    .description(
      'Shows configurations with every default written out, and imports those of others.',
    )
    .addHelpText('after', '\nExample:\n  ncfm config show fashion-quick');
  addShowCommand(config, invocation);
  addImportCommand(config, invocation);
}

function addShowCommand(config: Command, invocation: Invocation): void {
  const command = config
    .command('show')
    .summary('print a configuration with every default written out')
    .description('Prints a configuration as a run would have it: YAML with every setting.')
    .argument('[config]', 'a preset (see ncfm presets) or a YAML file; own-data with --data alone');
  addPlanOptions(command);
  addJsonOption(command)
    .addHelpText('after', '\nExample:\n  ncfm config show fashion-quick --ipc 5')
    .action(async (source: string | undefined, options: PlanOptions) => {
      const { plan, yaml } = await resolvePlan(source, options);
      invocation.print(plan, yaml, options);
    });
}

function addImportCommand(config: Command, invocation: Invocation): void {
  const command = config
    .command('import')
    .summary("translate a configuration of the official project's")
    .description(
      'Translates a YAML configuration of the official NCFM project into one of ours, on standard output or in a file, ' +
        'and tells of every key whether it is mapped, corrected or ignored.',
    )
    .argument('<file>', "the official project's YAML file")
    .option('--out <file>', 'write the configuration into a new file');
  addOutputOptions(command)
    .addHelpText(
      'after',
      '\nExample:\n  ncfm config import config/ipc10/cifar10.yaml --out mine.yaml',
    )
    .action(async (file: string, options: ImportOptions) => {
      const { importOfficial } = await import('../../config/official/index.js');
      const { yaml, keys } = importOfficial(file);
      const { out } = options;
      if (out !== undefined) {
        if (existsSync(out))
          throw new UsageError(`${out} exists already; choose another with --out`);
        writeFileAtomic(out, yaml);
      }
      invocation.tell(keyTable(keys), options);
      invocation.print({ yaml, keys }, out === undefined ? yaml : `${out}\n`, options);
    });
}

function keyTable(keys: readonly ImportedKey[]): string {
  const rows = keys.map(({ key, value, outcome, settings, note }) => [
    outcome,
    `${key}: ${String(value)}`,
    [...settings, ...(note === undefined ? [] : [`(${note})`])].join('  '),
  ]);
  return `${alignColumns([['what', 'official', 'ours'], ...rows], ['start', 'start', 'start'])}\n`;
}

import { relative } from 'node:path';
import { type Command, Option } from 'commander';
import type { ExportForm, ExportFormat } from '../../exchange/index.js';
import type { Invocation } from '../invocation.js';
import { addJsonOption } from '../options.js';

interface ExportOptions {
  readonly format: ExportFormat;
  readonly form: ExportForm;
  readonly out?: string;
  readonly replace?: boolean;
  readonly json?: boolean;
}

export function addExportCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('export')
    .summary('write a distilled set in another format')
    .description(
      "Writes a run's distilled set, its labels and a dataset card into a folder. Prints the folder.",
    )
    .argument('<run>', 'a run directory, for example runs/digits')
    .addOption(
      new Option('--format <format>', 'file format')
        .choices(['pt', 'safetensors', 'npz', 'png', 'parquet'])
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--form <form>', 'the training images, or those that were optimised')
        .choices(['decoded', 'stored'])
        .default('decoded'),
    )
    .option('--out <folder>', 'where to write it (default: export/<format>-<form> in the run)')
    .option('--replace', 'replace an earlier export');
  addJsonOption(command)
    .addHelpText(
      'after',
      '\nExamples:\n  ncfm export runs/digits --format pt\n  ncfm export runs/digits --format png --form stored --out digits-png',
    )
    .action(async (run: string, options: ExportOptions) => {
      const { exportRun } = await import('../../exchange/export/index.js');
      const result = await exportRun({ run, ...options });
      invocation.print(result, `${relative('', result.folder) || result.folder}\n`, options);
    });
}

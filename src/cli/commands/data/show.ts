import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../../../core/errors.js';
import type { Invocation } from '../../invocation.js';
import { addJsonOption } from '../../options.js';
import { addSourceOptions, openNamed, type SourceOptions } from './open.js';

interface ShowOptions extends SourceOptions {
  readonly out: string;
  readonly perClass: number;
  readonly split: 'train' | 'test';
}

export function addShowCommand(parent: Command, invocation: Invocation): void {
  const command = parent
    .command('show')
    .summary('draw some images of every class')
    .description(
      'Writes a contact sheet as PNG: a row per class, its images taken at equal distances from first to last.',
    )
    .argument('<dataset>', 'a name (see ncfm data list) or a path, such as ./pets')
    .option('--out <file>', 'the PNG file to write', 'sheet.png')
    .option('--per-class <number>', 'images of every class', positiveInteger, 10)
    .addOption(
      new Option('--split <part>', 'which part').choices(['train', 'test']).default('train'),
    );
  addSourceOptions(command);
  addJsonOption(command)
    .addHelpText('after', '\nExample:\n  ncfm data show digits --out digits.png')
    .action(async (name: string, options: ShowOptions) => {
      const [{ contactSheet }, { writeImageGrid }] = await Promise.all([
        import('../../../data/inspection/contact-sheet.js'),
        import('../../../report/pictures.js'),
      ]);
      const pair = await openNamed(name, options, invocation);
      const dataset = pair[options.split];
      const path = resolve(options.out);
      const { pixels, images } = contactSheet(dataset, options.perClass);
      makeFolder(dirname(path));
      const { shape, classNames } = dataset;
      const columns = options.perClass;
      await writeImageGrid({ path, pixels, columns, shape, rowLabels: classNames });
      const result = {
        path,
        dataset: name,
        split: options.split,
        classes: classNames.length,
        images,
      };
      invocation.print(
        result,
        `${images} images of ${name} (${options.split}) in ${path}\n`,
        options,
      );
    });
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw new UsageError(
      `the folder ${path} could not be made: ${(cause as Error).message}; --out names the file to write`,
      { cause },
    );
  }
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= 1 && value <= 1000)
    return value;
  throw new InvalidArgumentError('Expected an integer from 1 to 1000.');
}

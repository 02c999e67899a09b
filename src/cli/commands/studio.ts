import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { UsageError } from '../../core/errors.js';
import { Interruption, interruptible } from '../interruption.js';
import type { Invocation } from '../invocation.js';
import { addCacheOption, addExamples, type CacheOptions } from '../options.js';

interface StudioOptions extends CacheOptions {
  readonly port: number;
  readonly control?: boolean;
}

export function addStudioCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('studio')
    .summary('watch runs in a browser')
    .description(
      'Serves a page that shows the runs of a folder as they are: those that work live, those that are done as their ' +
        'reports do, several beside each other. Prints its address, which holds a key; nobody else can open it, from this ' +
        'machine alone. Ctrl-C ends it.',
    )
    .argument('[runs]', 'the folder that holds the runs', 'runs')
    .option('--port <number>', 'where it listens; 0: any port that is free', portNumber, 4873)
    .option('--control', 'let the page start presets, stop runs and resume them');
  addCacheOption(command);
  addExamples(command, ['ncfm studio', 'ncfm studio runs --control --port 0']).action(
    (runs: string, options: StudioOptions) => serve(invocation, runs, options),
  );
}

async function serve(
  invocation: Invocation,
  folder: string,
  { port, cache, control = false }: StudioOptions,
): Promise<void> {
  const runs = resolve(folder);
  if (!existsSync(runs) || !statSync(runs).isDirectory()) {
    throw new UsageError(
      `there is no folder ${runs}; name the one that holds the runs, or make one by a run: ncfm run digits`,
    );
  }
  const [{ serveStudio }, { commandControl }, { presetNames }] = await Promise.all([
    import('../../studio/server/serve.js'),
    import('../studio-control.js'),
    import('../../config/presets.js'),
  ]);
  const controlled =
    control && commandControl({ presets: presetNames(), runs, cache: resolve(cache) });
  const studio = await serveStudio({ runs, port, ...(controlled && { control: controlled }) });
  invocation.stdout.write(`${studio.address}\n`);
  invocation.stderr.write('Open this address in a browser; Ctrl-C ends the studio.\n');
  await ended(() => studio.close());
}

/** Ctrl-C is how it is meant to end. */
async function ended(close: () => Promise<void>): Promise<void> {
  try {
    await interruptible(
      () => {},
      (signal) =>
        new Promise<never>((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    );
  } catch (error) {
    await close();
    if (!(error instanceof Interruption)) throw error;
  }
}

function portNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  throw new InvalidArgumentError('Expected an integer from 0 to 65535.');
}

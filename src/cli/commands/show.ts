import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { UsageError } from '../../core/errors.js';
import { type ImageProtocol, imageProtocols, protocolOf } from '../../terminal/image/protocol.js';
import type { Invocation } from '../invocation.js';
import { addExamples, addJsonOption } from '../options.js';

interface ShowOptions {
  readonly as?: ImageProtocol | 'path';
  readonly json?: boolean;
}

/** Pixels of a terminal's column, where it does not say. */
const columnPixels = 8;

export function addShowCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('show')
    .summary("print a run's images in the terminal")
    .description(
      "Shows a run's images, its start beside its result, or as they are so far: in terminals that take pictures (kitty, " +
        'iTerm2, sixel) on the spot, elsewhere it says where the picture is.',
    )
    .argument('<run>', 'the folder of a run')
    .addOption(
      new Option('--as <how>', 'how to show them (default: as the terminal can)').choices([
        ...imageProtocols,
        'path',
      ]),
    );
  addJsonOption(addExamples(command, ['ncfm show runs/digits'])).action(
    (run: string, options: ShowOptions) => show(invocation, run, options),
  );
}

async function show(invocation: Invocation, run: string, options: ShowOptions): Promise<void> {
  const picture = pictureOf(resolve(run));
  if (picture === undefined) {
    throw new UsageError(
      `${run} holds no picture yet: neither images.png nor snapshots. Is it the folder of a run, such as runs/digits?`,
    );
  }
  const { stdout } = invocation;
  const { isTTY = false, columns = 80 } = stdout as Partial<NodeJS.WriteStream>;
  const how = options.as ?? (isTTY ? protocolOf(process.env) : undefined) ?? 'path';
  const path = relative('', picture) || picture;
  if (options.json || how === 'path') {
    invocation.print({ picture }, `${path}\n`, options);
    return;
  }
  const { encodeImage } = await import('../../terminal/image/encode.js');
  stdout.write(await encodeImage(readFileSync(picture), how, columns * columnPixels));
  invocation.tell(`${path}\n`, {});
}

/** What a run has drawn last: its comparison at the end, or the newest snapshot. */
function pictureOf(folder: string): string | undefined {
  const whole = join(folder, 'images.png');
  if (existsSync(whole)) return whole;
  const snapshots = join(folder, 'snapshots');
  if (!existsSync(snapshots)) return undefined;
  const newest = readdirSync(snapshots)
    .filter((name) => name.endsWith('.png'))
    .sort()
    .at(-1);
  return newest === undefined ? undefined : join(snapshots, newest);
}

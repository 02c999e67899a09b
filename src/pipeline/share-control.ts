import { constants, copyFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RunDirectory } from '../run/index.js';
import { repeatsFolder } from './repeats.js';
import { networksFolder } from './run-context.js';

/**
 * Hands the figures of the networks that one run has trained on random real images to another, so that it finds them
 * instead of training the same ones. Those that are not the same it knows by their identity.
 */
export function shareControl(from: RunDirectory, to: RunDirectory): void {
  const repeats = join(from.path, repeatsFolder);
  const others = existsSync(repeats) ? readdirSync(repeats) : [];
  for (const run of [[], ...others.map((name) => [repeatsFolder, name])]) {
    const source = join(from.path, ...run, networksFolder);
    if (!existsSync(source)) continue;
    for (const file of readdirSync(source)) {
      if (!/^random-.*\.json$/.test(file)) continue;
      const target = to.pathOf(...run, networksFolder, file);
      if (!existsSync(target)) copyFileSync(join(source, file), target, constants.COPYFILE_EXCL);
    }
  }
}

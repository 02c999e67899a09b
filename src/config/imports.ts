import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { ownAugmentations } from '../augment/index.js';
import { UsageError } from '../core/errors.js';
import { ownDatasets } from '../data/names.js';
import { ownMethods } from '../methods/registry.js';
import { ownModels } from '../models/index.js';
import { keyText } from './problems.js';
import { type Mapping, nodeAt } from './tree.js';

const require = createRequire(import.meta.url);

/**
 * Imports the modules that a configuration names, so that what they define is known when it is read. Imported before,
 * they are not run again.
 *
 * @throws UsageError naming the place for a module that cannot be imported, or that defines nothing
 */
export function importModules(root: Mapping): void {
  const list = nodeAt(root, ['imports']);
  // What is no list of paths is told when the configuration is checked.
  if (list?.kind !== 'list') return;
  for (const [index, item] of list.items.entries()) {
    if (item.kind !== 'scalar' || typeof item.value !== 'string') continue;
    const place = [item.origin?.label, keyText(['imports', index])].filter(Boolean).join(': ');
    importModule(item.value, place);
  }
}

function importModule(path: string, place: string): void {
  try {
    require(path);
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    const reason = (cause as Error).message.split('\n')[0];
    throw new UsageError(`${place}: ${path} cannot be imported: ${reason}`, { cause });
  }
  const { href } = pathToFileURL(realpathSync(path));
  if ([ownModels, ownAugmentations, ownDatasets, ownMethods].some((kind) => kind.isFrom(href)))
    return;
  throw new UsageError(
    `${place}: ${path} defines nothing here: expected defineModel, defineAugmentation, defineDataset or defineMethod of this installation of ncfm, each given module: import.meta.url`,
  );
}

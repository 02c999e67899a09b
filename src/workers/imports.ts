import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { ownAugmentations } from '../augment/index.js';
import { UsageError } from '../core/index.js';
import type { EvaluateOptions } from '../evaluate/request.js';
import { isKnownModel, type ModelOptions, ownModels } from '../models/index.js';

interface Named {
  readonly name: string;
  readonly module: string | undefined;
}

/**
 * The modules that worker processes import to have what a training names of the user's own.
 * @throws UsageError for what is defined where another process cannot have it from
 */
export function importsFor(
  model: ModelOptions,
  { augmentation }: Pick<EvaluateOptions, 'augmentation'>,
): string[] {
  const own: (Named | undefined)[] = [
    isKnownModel(model) ? undefined : ownModels.find(model.name),
    augmentation.own && ownAugmentations.get(augmentation.own.name),
  ];
  return [...new Set(own.flatMap((definition) => (definition ? moduleOf(definition) : [])))];
}

function moduleOf({ name, module }: Named): string {
  const remedy = 'or train one network at a time (evaluate.concurrency: 1)';
  if (module === undefined) {
    throw new UsageError(
      `evaluate.concurrency: worker processes cannot have '${name}', which was defined with a version alone; define it with module: import.meta.url in a module of its own, ${remedy}`,
    );
  }
  if (module === program()) {
    throw new UsageError(
      `evaluate.concurrency: worker processes cannot have '${name}' without running the whole program again, which defines it; define it in a module of its own, ${remedy}`,
    );
  }
  return module;
}

/** The URL of the program that this process runs; undefined where it has none. */
function program(): string | undefined {
  const path = process.argv[1];
  try {
    return path === undefined ? undefined : pathToFileURL(realpathSync(path)).href;
  } catch {
    // Code that was given on the command line has no file.
    return undefined;
  }
}

import { basename, join } from 'node:path';
import type { FolderLayout } from './folder-layout.js';
import { validationTested } from './part-names.js';
import { type SkippedFile, systemFileReason } from './scan.js';

/** How many names are told of each kind of what was left out. */
const mostNamed = 3;

/** That pictures or images were held out, and how many. */
export function describeHeldOut(train: number, test: number, fraction: number): string {
  return `no test part: ${test} of ${train + test} pictures are held out for testing (dataset.testShare ${fraction})`;
}

/** That validation parts are used for nothing. */
export function describeUnused(unused: readonly string[]): string[] {
  if (unused.length === 0) return [];
  return [`the validation part ${unused.join(', ')} is neither trained nor tested on`];
}

/** Where the classes were found below `path`, and which folders were taken for which part. */
export function describeLayout(path: string, layout: FolderLayout): string[] {
  const { root, test, testIsValidation, unused, ignored } = layout;
  const within = (folder: string): string => join(root, folder);
  const wrapped =
    root === path ? [] : [`the classes are read from ${root}, the only folder that leads to any`];
  if (layout.train === '') return wrapped;
  const tested =
    test === undefined
      ? ''
      : `, test pictures from ${within(test)}${testIsValidation ? ` (${validationTested})` : ''}`;
  return [
    ...wrapped,
    `training pictures are read from ${within(layout.train)}${tested}`,
    ...describeUnused(unused.map(within)),
    ...(ignored.length > 0 ? [`not read: ${ignored.map(within).join(', ')}`] : []),
  ];
}

/** Collects what is left out, to tell of it in two sentences at most. */
export class SkippedFiles {
  readonly #files: SkippedFile[] = [];

  readonly add = (file: SkippedFile): void => {
    this.#files.push(file);
  };

  /** What is left out although it is the user's own, then what systems and programs made. */
  describe(): string[] {
    const own = this.#files.filter(({ reason }) => reason !== systemFileReason);
    const others = this.#files.filter(({ reason }) => reason === systemFileReason);
    const named = own.map(({ path, reason }) => `${basename(path)} (${reason})`);
    return [
      ...(own.length > 0 ? [`left out: ${list(named)}`] : []),
      ...(others.length > 0
        ? [
            `ignored, as ${systemFileReason}: ${list(counted(others.map(({ path }) => basename(path))))}`,
          ]
        : []),
    ];
  }
}

function list(items: readonly string[]): string {
  const more = items.length > mostNamed ? ` and ${items.length - mostNamed} more` : '';
  return `${items.slice(0, mostNamed).join(', ')}${more}`;
}

/** Each name once, with how often it occurs. */
function counted(names: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} (${count} times)`));
}

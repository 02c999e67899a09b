import { createHash } from 'node:crypto';
import { UsageError } from '../../tensor/errors.js';
import { indicesByClass } from '../dataset.js';
import type { LabelledFile } from './picture-files.js';

/** Pictures divided in two. */
export interface HeldOut {
  readonly train: readonly LabelledFile[];
  readonly test: readonly LabelledFile[];
}

/**
 * Holds pictures out for testing, the given share of every class on average. Each picture's part is decided by a
 * hash of its own relative path: it depends on no seed, and adding or removing other pictures does not move it. (Only
 * where a class would have no picture at all in one part does one move there.)
 *
 * @param fraction in (0, 1).
 * @throws UsageError if a class has fewer than two pictures, or the fraction is out of range.
 */
export function holdOut(
  files: readonly LabelledFile[],
  classNames: readonly string[],
  fraction: number,
): HeldOut {
  if (!(fraction > 0 && fraction < 1)) {
    throw new UsageError(`testFraction is ${fraction}; expected a number between 0 and 1.`);
  }
  const positions = files.map(({ file }) => position(file));
  const tested = new Set<number>();
  const labels = files.map(({ label }) => label);
  for (const [label, members] of indicesByClass(labels, classNames.length).entries()) {
    if (members.length < 2) {
      throw new UsageError(
        `Class '${classNames[label]}' has ${members.length} picture; expected at least 2, as one is held out for testing. ` +
          'Add pictures of it, or put the pictures in train/ and test/ folders.',
      );
    }
    members.sort((a, b) => positions[a]! - positions[b]!);
    const below = members.filter((index) => positions[index]! < fraction).length;
    const count = Math.min(Math.max(below, 1), members.length - 1);
    for (const index of members.slice(0, count)) tested.add(index);
  }
  return {
    train: files.filter((_, index) => !tested.has(index)),
    test: files.filter((_, index) => tested.has(index)),
  };
}

/** In [0, 1), evenly spread over names. */
function position(file: string): number {
  const digest = createHash('sha256').update(`held out\n${file}`).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

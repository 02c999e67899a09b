import { createHash } from 'node:crypto';
import { UsageError } from '../../core/errors.js';
import { indicesByClass } from '../dataset/dataset.js';
import type { LabelledFile } from './picture-files.js';

export interface HoldOutOptions {
  /** The share of every class that is held out, in (0, 1). */
  readonly fraction: number;
  /** Where the pictures are, for errors. */
  readonly place: string;
}

export interface HeldOut<File> {
  readonly train: readonly File[];
  readonly test: readonly File[];
}

/**
 * Holds pictures out for testing: of every class the given share, rounded to whole pictures, at least one and never all.
 * They are the first in the order of a hash of their relative paths, which depends on no seed: adding or removing a
 * picture moves at most one other of its class.
 *
 * @throws UsageError if a class has fewer than two pictures, or the fraction is out of range.
 */
export function holdOut<File extends LabelledFile>(
  files: readonly File[],
  classNames: readonly string[],
  { fraction, place }: HoldOutOptions,
): HeldOut<File> {
  if (!(fraction > 0 && fraction < 1)) {
    throw new UsageError(
      `${place}: the share held out for testing is ${fraction}; expected a number between 0 and 1`,
    );
  }
  const positions = files.map(({ file }) => position(file));
  const tested = new Set<number>();
  const labels = files.map(({ label }) => label);
  for (const [label, members] of indicesByClass(labels, classNames.length).entries()) {
    if (members.length < 2) {
      throw new UsageError(
        `${place}: class '${classNames[label]}' has ${members.length} picture; expected at least 2, as one is held out for testing; ` +
          'add pictures of it, or put the pictures in train/ and test/ folders',
      );
    }
    members.sort((a, b) => Buffer.compare(positions[a]!, positions[b]!));
    const count = Math.min(Math.max(Math.round(members.length * fraction), 1), members.length - 1);
    for (const index of members.slice(0, count)) tested.add(index);
  }
  return {
    train: files.filter((_, index) => !tested.has(index)),
    test: files.filter((_, index) => tested.has(index)),
  };
}

/** Its place in the order, by bytes. */
function position(file: string): Buffer {
  return createHash('sha256').update(`held out\n${file}`).digest();
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { holdOut } from './hold-out.js';
import type { LabelledFile } from './picture-files.js';

const classNames = ['a', 'b', 'c'];
const folder = (counts: readonly number[]): LabelledFile[] =>
  counts.flatMap((count, label) =>
    Array.from({ length: count }, (_, number) => ({
      file: `${classNames[label]}/${number}.jpg`,
      label,
    })),
  );
const counts = fc.tuple(...classNames.map(() => fc.integer({ min: 2, max: 60 })));

describe('pictures held out', () => {
  it('are every picture once, with at least one of each class in both parts', () => {
    fc.assert(
      fc.property(counts, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (sizes, fraction) => {
        const files = folder(sizes);
        const { train, test } = holdOut(files, classNames, { fraction: fraction, place: 'pets' });
        expect(new Set([...train, ...test])).toEqual(new Set(files));
        expect(train.length + test.length).toBe(files.length);
        for (const part of [train, test]) {
          expect(new Set(part.map(({ label }) => label)).size).toBe(classNames.length);
        }
      }),
    );
  });

  it('are exactly the rounded share of each class, at least one and never all', () => {
    const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(counts, share, (sizes, fraction) => {
        const { test } = holdOut(folder(sizes), classNames, { fraction: fraction, place: 'pets' });
        for (const [label, size] of sizes.entries()) {
          const held = test.filter((file) => file.label === label).length;
          expect(held).toBe(Math.min(Math.max(Math.round(size * fraction), 1), size - 1));
        }
      }),
    );
  });

  it('are as many whatever the pictures are called', () => {
    for (const kind of ['cat', 'dog', 'picture', 'IMG_']) {
      const files = folder([24, 24, 24]).map(({ file, label }) => ({ file: kind + file, label }));
      expect(holdOut(files, classNames, { fraction: 0.2, place: 'pets' }).test).toHaveLength(15);
    }
  });

  it('change by no more than the pictures that are added', () => {
    fc.assert(
      fc.property(counts, fc.nat(20), (sizes, added) => {
        const names = (files: readonly LabelledFile[]) =>
          new Set(
            holdOut(files, classNames, { fraction: 0.3, place: 'pets' }).test.map(
              ({ file }) => file,
            ),
          );
        const before = names(folder(sizes));
        const after = names(folder([sizes[0]! + added, sizes[1]!, sizes[2]!]));
        const gone = [...before].filter((file) => !after.has(file));
        const old = folder(sizes).filter(({ file }) => after.has(file) && !before.has(file));
        expect(gone.length).toBeLessThanOrEqual(added);
        // Pictures that were there before go one way or the other, never both.
        expect(Math.min(gone.length, old.length)).toBe(0);
        for (const { label } of old) expect(label).toBe(0);
      }),
    );
  });

  it('do not depend on the order in which the pictures are listed', () => {
    const files = folder([20, 20, 20]);
    const names = (part: readonly LabelledFile[]) => new Set(part.map(({ file }) => file));
    expect(
      names(holdOut([...files].reverse(), classNames, { fraction: 0.2, place: 'pets' }).test),
    ).toEqual(names(holdOut(files, classNames, { fraction: 0.2, place: 'pets' }).test));
  });

  it('need two pictures of each class, and a share between 0 and 1', () => {
    expect(() => holdOut(folder([2, 1, 2]), classNames, { fraction: 0.2, place: 'pets' })).toThrow(
      "pets: class 'b' has 1 picture; expected at least 2",
    );
    for (const fraction of [0, 1, -1, Number.NaN]) {
      expect(() =>
        holdOut(folder([2, 2, 2]), classNames, { fraction: fraction, place: 'pets' }),
      ).toThrow(UsageError);
    }
  });
});

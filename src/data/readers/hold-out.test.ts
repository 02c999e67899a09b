import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../tensor/errors.js';
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
        const { train, test } = holdOut(files, classNames, fraction);
        expect(new Set([...train, ...test])).toEqual(new Set(files));
        expect(train.length + test.length).toBe(files.length);
        for (const part of [train, test]) {
          expect(new Set(part.map(({ label }) => label)).size).toBe(classNames.length);
        }
      }),
    );
  });

  it('are about the share that was asked for, in each class', () => {
    const { test } = holdOut(folder([2000, 2000, 2000]), classNames, 0.2);
    for (const label of [0, 1, 2]) {
      const count = test.filter((file) => file.label === label).length;
      expect(Math.abs(count - 400)).toBeLessThan(4 * Math.sqrt(2000 * 0.2 * 0.8));
    }
  });

  it('stay held out when pictures are added', () => {
    const before = holdOut(folder([50, 50, 50]), classNames, 0.3);
    const after = holdOut(folder([80, 50, 200]), classNames, 0.3);
    const kept = new Set(after.test.map(({ file }) => file));
    expect(before.test.length).toBeGreaterThan(20);
    for (const { file } of before.test) expect(kept.has(file)).toBe(true);
    for (const { file } of before.train) expect(kept.has(file)).toBe(false);
  });

  it('do not depend on the order in which the pictures are listed', () => {
    const files = folder([20, 20, 20]);
    const names = (part: readonly LabelledFile[]) => new Set(part.map(({ file }) => file));
    expect(names(holdOut([...files].reverse(), classNames, 0.2).test)).toEqual(
      names(holdOut(files, classNames, 0.2).test),
    );
  });

  it('need two pictures of each class, and a share between 0 and 1', () => {
    expect(() => holdOut(folder([2, 1, 2]), classNames, 0.2)).toThrow(
      "Class 'b' has 1 picture; expected at least 2",
    );
    for (const fraction of [0, 1, -1, Number.NaN]) {
      expect(() => holdOut(folder([2, 2, 2]), classNames, fraction)).toThrow(UsageError);
    }
  });
});

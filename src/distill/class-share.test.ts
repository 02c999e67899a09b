import { describe, expect, it } from 'vitest';
import type { ProcessGroup } from '../distributed/index.js';
import { scope } from '../tensor/index.js';
import { tensor } from '../tensor/testing/on-device.js';
import { ClassShare } from './class-share.js';

/** A share as process `rank` of `size` has it; nothing is exchanged. */
function share(classes: number, rank: number, size: number): ClassShare {
  return new ClassShare(classes, { rank, size } as ProcessGroup);
}

describe('the share of the classes that a process sees to', () => {
  it.each([
    [10, 1],
    [10, 2],
    [10, 3],
    [10, 10],
    [10, 12],
    [100, 7],
    [1, 4],
  ])('are %i classes in %i runs that differ by one class at most', (classes, size) => {
    const runs = Array.from({ length: size }, (_, rank) => share(classes, rank, size).own);
    const labels = runs.flatMap(({ start, length }) =>
      Array.from({ length }, (_, index) => start + index),
    );
    expect(labels).toEqual(Array.from({ length: classes }, (_, label) => label));
    const lengths = runs.map(({ length }) => length);
    expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
  });

  it('are all classes where there is no group', () => {
    const all = new ClassShare(3, undefined);
    expect(all.own).toEqual({ start: 0, length: 3 });
    expect(all.every(false)).toBe(false);
    scope(() => {
      const values = tensor([1, 2, 3]);
      expect(all.gather(values, 1)).toBe(values);
    });
  });

  it('is worked on in blocks of its own classes', () => {
    const second = share(10, 1, 3);
    expect(second.spans(2)).toEqual([
      { start: 4, length: 2 },
      { start: 6, length: 1 },
    ]);
    expect([3, 4, 6, 7].map((label) => second.owns(label))).toEqual([false, true, true, false]);
    expect(share(2, 3, 4).spans(5)).toEqual([]);
  });

  it('has rows of all classes, and rows of its own', () => {
    const second = share(4, 1, 2);
    scope(() => {
      const all = tensor([0, 1, 10, 11, 20, 21, 30, 31]);
      const own = second.ownRows(all);
      expect([...own.toArray()]).toEqual([20, 21, 30, 31]);
      expect([...second.rows(own, { start: 3, length: 1 }).toArray()]).toEqual([30, 31]);
    });
  });
});

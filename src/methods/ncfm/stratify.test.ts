import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/index.js';
import { cat, liveTensors, scope } from '../../tensor/index.js';
import { RandomGenerator } from '../../tensor/testing/on-device.js';
import { stratify } from './stratify.js';

const rows = (count: number, start = 0) =>
  Int32Array.from({ length: count }, (_, index) => start + index);
const features = new RandomGenerator(1).normal([53, 6]);

function clusters(parts: number, count = 53, seed = 2, runs: readonly number[] = []): number[][] {
  const random = new RandomGenerator(seed);
  return scope(() =>
    stratify(features.narrow(0, 0, count), rows(count, 500), parts, random, runs),
  ).map((cluster) => Array.from(cluster));
}

describe('stratify', () => {
  it.each([1, 2, 3, 5, 7, 10, 40, 53])(
    'splits 53 rows into %i parts of equal size, within one',
    (parts) => {
      const found = clusters(parts);
      expect(found).toHaveLength(parts);
      expect(found.flat().sort((a, b) => a - b)).toEqual([...rows(53, 500)]);
      for (const { length } of found) {
        expect(length).toBeGreaterThanOrEqual(Math.floor(53 / parts));
        expect(length).toBeLessThanOrEqual(Math.ceil(53 / parts));
      }
    },
  );

  it('splits any number of rows evenly', () => {
    for (let count = 1; count <= 17; count++) {
      for (let parts = 1; parts <= count; parts++) {
        const sizes = clusters(parts, count).map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }
    }
  });

  it('is nested: neighbouring clusters make the clusters of a coarser split', () => {
    const [fine, coarse] = [clusters(8, 48), clusters(2, 48)];
    const joined = [fine.slice(0, 4).flat(), fine.slice(4).flat()].map((cluster) => cluster.sort());
    expect(joined).toEqual(coarse.map((cluster) => cluster.sort()));
  });

  describe.each([
    [40, 4],
    [12, 4],
    [45, 9],
  ])('into %i clusters in runs of %i', (parts, run) => {
    // Rows on a line: a node of the tree of halves is an interval of it, whichever way each cut counts. A run across
    // two nodes need not be one.
    const line = new RandomGenerator(6).normal([90, 1]);
    const places = Array.from(line.toFloat32Array()).sort((a, b) => a - b);
    const values = line.toFloat32Array();
    const intervals = (runs: readonly number[]) => {
      const found = stratify(line, rows(90), parts, new RandomGenerator(7), runs);
      return Array.from({ length: parts / run }, (_, index) => {
        const joined = found.slice(index * run, index * run + run).flatMap((rows) => [...rows]);
        const order = joined.map((row) => places.indexOf(values[row]!));
        return Math.max(...order) - Math.min(...order) + 1 === joined.length;
      });
    };

    it('makes every run a node of the tree, when told of them', () => {
      expect(intervals([parts, run, 1])).not.toContain(false);
      expect(intervals([])).toContain(false);
    });
  });

  it('cuts through runs that do not nest where it must', () => {
    const found = clusters(12, 53, 2, [12, 4, 3]);
    expect(found).toHaveLength(12);
    expect(found.flat().sort((a, b) => a - b)).toEqual([...rows(53, 500)]);
  });

  it('is the same for the same seed', () => {
    expect(clusters(7)).toEqual(clusters(7));
  });

  it('separates what is plainly apart, in nested halves', () => {
    const random = new RandomGenerator(3);
    const blob = (x: number, y: number) =>
      cat([random.normal([10, 1]).add(x), random.normal([10, 1]).add(y)], 1);
    const blobs = cat([blob(0, 0), blob(100, 0), blob(0, 30), blob(100, 30)]);
    const found = stratify(blobs, rows(40), 4, random);
    const origins = found.map((cluster) => new Set(cluster.map((row) => Math.floor(row / 10))));
    expect(origins.every(({ size }) => size === 1)).toBe(true);
    const [a, b] = origins.map((origin) => [...origin][0]! % 2);
    expect(a).toBe(b);
  });

  it('copes with rows that are all the same', () => {
    const same = features.narrow(0, 0, 1).expand([12, 6]);
    const found = stratify(same, rows(12), 5, new RandomGenerator(4));
    expect(found.flatMap((cluster) => [...cluster]).sort((x, y) => x - y)).toEqual([...rows(12)]);
  });

  it('leaves no tensors behind', () => {
    const before = liveTensors();
    stratify(features, rows(53), 9, new RandomGenerator(5));
    expect(liveTensors()).toBe(before);
  });

  it('refuses more parts than rows', () => {
    expect(() => clusters(6, 5)).toThrow(UsageError);
    expect(() => clusters(6, 5)).toThrow(/class of 5 images cannot be split into 6 clusters/);
  });
});

import { describe, expect, it } from 'vitest';
import { liveTensors, scope } from '../../tensor/index.js';
import { RandomGenerator, tensor } from '../../tensor/testing/on-device.js';
import { ForgettingCounter, mostForgotten } from './forgetting.js';
import { herd } from './herding.js';
import { kCentre } from './k-centre.js';

type Rows = readonly (readonly number[])[];

const onRows =
  (choose: typeof herd) =>
  (rows: Rows, count: number): number[] =>
    scope(() => {
      const { positions } = choose(tensor(rows.flat(), [rows.length, rows[0]!.length]), count);
      return Array.from(positions);
    });

const herdRows = onRows(herd);
const centreRows = onRows(kCentre);

/** `count` points of 5 normal coordinates each. */
function points(count: number, seed: number): number[][] {
  return scope(() => {
    const values = new RandomGenerator(seed).normal([count, 5]).toFloat32Array();
    return Array.from({ length: count }, (_, row) =>
      Array.from(values.slice(row * 5, row * 5 + 5)),
    );
  });
}

const mean = (rows: Rows): number[] =>
  rows[0]!.map((_, axis) => rows.reduce((sum, row) => sum + row[axis]!, 0) / rows.length);
const distance = (a: readonly number[], b: readonly number[]): number =>
  Math.hypot(...a.map((value, axis) => value - b[axis]!));
const at = (rows: Rows, positions: readonly number[]): Rows =>
  positions.map((position) => rows[position]!);

describe('herding', () => {
  it('takes the middle of a square, then its corners in pairs that balance', () => {
    const rows = [
      [0, 0],
      [2, 0],
      [0, 2],
      [2, 2],
      [1, 1],
    ];
    // With the middle chosen every corner is as good, the first is taken; then the one opposite, and so on.
    expect(herdRows(rows, 5)).toEqual([4, 0, 3, 1, 2]);
  });

  it('makes up with the next choice for what the last ones lack', () => {
    // The mean is 3: of 3, 1 and 6 the first is 3; 1 and 3 have mean 2, 6 and 3 have 4.5; 1 is nearer.
    expect(herdRows([[1], [6], [3], [2]], 4)).toEqual([2, 3, 1, 0]);
  });

  it('is, at each choice, what trying every row finds', () => {
    const rows = points(30, 1);
    const target = mean(rows);
    const chosen = herdRows(rows, 12);
    for (let size = 1; size <= chosen.length; size++) {
      const before = chosen.slice(0, size - 1);
      const gaps = rows.map((_, row) =>
        before.includes(row)
          ? Number.POSITIVE_INFINITY
          : distance(mean(at(rows, [...before, row])), target),
      );
      expect(gaps[chosen[size - 1]!]).toBeCloseTo(Math.min(...gaps), 5);
    }
  });
});

describe('k-centre', () => {
  it('on a line begins in the middle and goes to the ends', () => {
    // The mean is 3.2; the distances to 3 are 3, 2, 1, 0, 7; with 10 chosen too, 0 is the farthest.
    const line = [[0], [1], [2], [3], [10]];
    expect(centreRows(line, 5)).toEqual([3, 4, 0, 1, 2]);
  });

  it('covers all rows within twice the best radius', () => {
    for (const seed of [1, 2, 3]) {
      const rows = points(10, seed);
      const radius = (centres: readonly number[]): number =>
        Math.max(
          ...rows.map((row) =>
            Math.min(...at(rows, centres).map((centre) => distance(row, centre))),
          ),
        );
      const triples = rows.flatMap((_, a) =>
        rows.flatMap((__, b) => rows.map((___, c) => [a, b, c])),
      );
      const best = Math.min(...triples.map(radius));
      expect(radius(centreRows(rows, 3))).toBeLessThanOrEqual(2 * best + 1e-5);
    }
  });
});

describe('the loss', () => {
  const lossOf = (choose: typeof herd, rows: Rows, count: number): number =>
    scope(() => choose(tensor(rows.flat(), [rows.length, rows[0]!.length]), count).loss);

  it('of herding is the distance of the means', () => {
    const rows = points(15, 2);
    for (const count of [1, 4, 15]) {
      const gap = distance(mean(at(rows, herdRows(rows, count))), mean(rows));
      expect(lossOf(herd, rows, count)).toBeCloseTo(gap, 5);
    }
  });

  it('of k-centre is the radius that covers all rows', () => {
    // 3 is chosen, and then 10: of the others 0 is the farthest from both.
    expect(lossOf(kCentre, [[0], [1], [2], [3], [10]], 2)).toBeCloseTo(3, 6);
    expect(lossOf(kCentre, points(9, 4), 9)).toBe(0);
  });
});

describe.each([
  ['herding', herdRows],
  ['k-centre', centreRows],
])('%s', (_, choose) => {
  it('chooses no row twice, also among equal ones, and all when asked for all', () => {
    const equal = Array.from({ length: 6 }, () => [1, 1]);
    expect(choose(equal, 6)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(choose(points(9, 4), 9).toSorted((a, b) => a - b)).toEqual([...Array(9).keys()]);
    expect(choose(points(9, 4), 0)).toEqual([]);
  });

  it('begins the choice of many with the choice of few', () => {
    const rows = points(20, 5);
    expect(choose(rows, 10).slice(0, 4)).toEqual(choose(rows, 4));
  });

  it('does not depend on the order of the rows', () => {
    const rows = points(20, 6);
    const order = Array.from(new RandomGenerator(7).permutation(20));
    expect(choose(at(rows, order), 8).map((position) => order[position])).toEqual(choose(rows, 8));
  });

  it('leaves no tensors', () => {
    const before = liveTensors();
    choose(points(20, 8), 5);
    expect(liveTensors()).toBe(before);
  });
});

describe('the forgetting score', () => {
  it('counts how often an image goes from right to wrong; one that is never right counts as most', () => {
    const counter = new ForgettingCounter(5);
    const history = [
      // forgotten twice, never learnt, never forgotten, forgotten once, learnt at the end
      [true, false, true, false, false],
      [false, false, true, true, false],
      [true, false, true, false, false],
      [false, false, true, true, true],
    ];
    for (const looks of history) counter.record([0, 1, 2, 3, 4], looks);
    expect(Array.from(counter.scores())).toEqual([2, Number.POSITIVE_INFINITY, 0, 1, 0]);
  });

  it('compares an image with the last time it was looked at, however many others were since', () => {
    const counter = new ForgettingCounter(2);
    counter.record([0], [true]);
    counter.record([1], [true]);
    counter.record([1], [true]);
    counter.record([0], [false]);
    expect(Array.from(counter.scores())).toEqual([1, 0]);
  });

  it('chooses the most forgotten, the never learnt first, and equal ones as the generator has it', () => {
    const scores = [0, 3, Number.POSITIVE_INFINITY, 1, Number.POSITIVE_INFINITY, 3];
    const choose = (seed: number) =>
      Array.from(mostForgotten(scores, 5, new RandomGenerator(seed)));
    for (const seed of [1, 2, 3, 4]) {
      const chosen = choose(seed);
      expect(chosen).toEqual(choose(seed));
      expect(chosen.slice(0, 2).toSorted()).toEqual([2, 4]);
      expect(chosen.slice(2, 4).toSorted()).toEqual([1, 5]);
      expect(chosen[4]).toBe(3);
    }
    expect(new Set([1, 2, 3, 4, 5, 6].map((seed) => choose(seed)[0])).size).toBe(2);
  });
});

import { describe, expect, it } from 'vitest';
import { Series } from './series.js';

describe('a series', () => {
  it('keeps a short one as it is', () => {
    const series = new Series();
    for (const x of [1, 2, 3]) series.add(x, x * 10);
    expect(series.points).toEqual([
      [1, 10, 10, 10],
      [2, 20, 20, 20],
      [3, 30, 30, 30],
    ]);
  });

  it('keeps a long one in bounded memory, with its mean, its peak and its order', () => {
    const series = new Series();
    for (let x = 1; x <= 100_000; x++) series.add(x, x === 54_321 ? 1000 : 1);
    const { points } = series;
    expect(points.length).toBeLessThanOrEqual(1024);
    expect(points.length).toBeGreaterThan(500);
    expect(Math.max(...points.map(([, , , high]) => high))).toBe(1000);
    expect(points[0]).toEqual([1, 1, 1, 1]);
    const xs = points.map(([x]) => x);
    expect(xs).toEqual([...xs].sort((a, b) => a - b));
    expect(xs.at(-1)).toBeGreaterThan(99_000);
  });

  it('forgets what a resumed run tells anew', () => {
    const series = new Series();
    for (const x of [1, 2, 3, 4]) series.add(x, 1);
    series.add(3, 7);
    expect(series.points.map(([x, mean]) => [x, mean])).toEqual([
      [1, 1],
      [2, 1],
      [3, 7],
    ]);
  });

  it('leaves out what is no number', () => {
    const series = new Series();
    series.add(1, null);
    series.add(2, Number.NaN);
    expect(series.points).toEqual([]);
  });
});

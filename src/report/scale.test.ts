import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatTick, linearScale, logScale } from './scale.js';

const place = { start: 100, end: 500 };

describe('a linear scale', () => {
  test('puts the ends of the range at the ends of the axis', () => {
    const scale = linearScale({ from: -1, to: 3, ...place }, 4);
    expect([-1, 1, 3].map(scale.place)).toEqual([100, 300, 500]);
  });

  test('has round ticks inside the range', () => {
    expect(linearScale({ from: 1, to: 2000, ...place }, 7).ticks).toEqual([500, 1000, 1500, 2000]);
    expect(linearScale({ from: 0, to: 0.3, ...place }, 3).ticks).toEqual([0, 0.1, 0.2, 0.3]);
    expect(linearScale({ from: -0.25, to: 0.25, ...place }, 5).ticks).toEqual([
      -0.2, -0.1, 0, 0.1, 0.2,
    ]);
  });

  test('grows to the ticks around it when told to', () => {
    const scale = linearScale({ from: 72.8, to: 82.4, ...place }, 5, true);
    expect(scale.ticks).toEqual([72, 74, 76, 78, 80, 82, 84]);
    expect(scale.place(72)).toBeCloseTo(100);
    expect(scale.place(84)).toBeCloseTo(500);
  });

  test('has a readable number of ticks in ascending order for any range', () => {
    const end = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(end, fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (from, length) => {
        const { ticks } = linearScale({ from, to: from + length, ...place }, 6);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.length).toBeLessThanOrEqual(7);
        expect([...new Set(ticks)].sort((a, b) => a - b)).toEqual(ticks);
      }),
    );
  });
});

describe('a logarithmic scale', () => {
  test('gives every power of ten the same length', () => {
    const scale = logScale({ from: 0.01, to: 100, ...place });
    expect([0.01, 0.1, 1, 10, 100].map((value) => Math.round(scale.place(value)))).toEqual([
      100, 200, 300, 400, 500,
    ]);
    expect(scale.ticks).toEqual([0.01, 0.1, 1, 10, 100]);
  });

  test('adds twos and fives to a short range', () => {
    expect(logScale({ from: 0.03, to: 2.4, ...place }).ticks).toEqual([0.05, 0.1, 0.2, 0.5, 1, 2]);
  });

  test('has ticks inside even a very short range', () => {
    const { ticks } = logScale({ from: 0.56, to: 0.8, ...place });
    expect(ticks).toEqual([0.6, 0.65, 0.7, 0.75, 0.8]);
  });

  test('leaves powers out of a long range', () => {
    const { ticks } = logScale({ from: 1e-12, to: 1, ...place });
    expect(ticks).toEqual([1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1]);
  });
});

test.each([
  [0, '0'],
  [0.05, '0.05'],
  [20_000, '20,000'],
  [-1.5, '-1.5'],
  [1e-6, '1e-6'],
  [2e9, '2e9'],
])('the tick %d is written %s', (value, expected) => {
  expect(formatTick(value)).toBe(expected);
});

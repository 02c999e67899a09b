import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, ProgressEstimator } from './progress.js';

describe('the estimate of the time still needed', () => {
  test('is unknown before any progress', () => {
    const estimator = new ProgressEstimator({ total: 10, time: 0 });
    expect(estimator.remaining()).toBeUndefined();
    estimator.update(0, 5);
    expect(estimator.remaining()).toBeUndefined();
  });

  test('is exact at a steady rate, whatever the rate, the step and the half-life', () => {
    const positive = fc.double({ min: 0.01, max: 100, noNaN: true });
    fc.assert(
      fc.property(positive, fc.integer({ min: 1, max: 20 }), positive, (pace, step, halfLife) => {
        const total = step * 12;
        const estimator = new ProgressEstimator({ total, time: 50, halfLife });
        for (let done = step; done < total; done += step) {
          estimator.update(done, 50 + done * pace);
          expect(estimator.remaining()).toBeCloseTo((total - done) * pace, 5);
        }
      }),
    );
  });

  test('counts only the work since the start of a resumed run', () => {
    const estimator = new ProgressEstimator({ total: 100, done: 90, time: 0 });
    estimator.update(92, 4);
    expect(estimator.remaining()).toBeCloseTo(16);
  });

  test('turns to a new pace within a few half-lives', () => {
    const estimator = new ProgressEstimator({ total: 1000, time: 0, halfLife: 10 });
    for (let done = 1; done <= 100; done += 1) estimator.update(done, done);
    for (let more = 1; more <= 20; more += 1) estimator.update(100 + more, 100 + more * 4);
    expect(estimator.remaining()! / (880 * 4)).toBeGreaterThan(0.9);
    expect(estimator.remaining()! / (880 * 4)).toBeLessThanOrEqual(1);
  });

  test('is not thrown far by one slow unit', () => {
    const estimator = new ProgressEstimator({ total: 1000, time: 0 });
    for (let done = 1; done <= 100; done += 1) estimator.update(done, done);
    estimator.update(101, 110);
    expect(estimator.remaining()! / 899).toBeLessThan(1.5);
  });

  test('is zero at the end', () => {
    const estimator = new ProgressEstimator({ total: 2, time: 0 });
    estimator.update(2, 1);
    expect(estimator.remaining()).toBe(0);
  });
});

test.each([
  [0, '0 ms'],
  [0.0381, '38 ms'],
  [0.0994, '99 ms'],
  [0.0996, '0.1 s'],
  [4.21, '4.2 s'],
  [59.94, '59.9 s'],
  [59.96, '1 m 00 s'],
  [185, '3 m 05 s'],
  [3599.4, '59 m 59 s'],
  [3599.6, '1 h 00 m'],
  [7800, '2 h 10 m'],
  [7199.9, '2 h 00 m'],
  [360_000, '100 h 00 m'],
])('%d seconds read as %s', (seconds, expected) => {
  expect(formatDuration(seconds)).toBe(expected);
});

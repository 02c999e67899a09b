import { describe, expect, it } from 'vitest';
import { iterationsWithin } from './fit-seconds.js';

describe('iterations within some seconds', () => {
  // A start of 4 s and 10 iterations of 2 s.
  const estimated = { seconds: 24, fixed: 4, iterations: 10 };

  it.each([
    [24, 10],
    [34, 15],
    [33.9, 14],
    [6, 1],
  ])(
    'are what is left after the start, at the pace estimated (%d s: %d)',
    (seconds, iterations) => {
      expect(iterationsWithin(seconds, estimated)).toBe(iterations);
    },
  );

  it('are none where the start takes all, or pretraining has left nothing', () => {
    expect([4, 0, -20].map((seconds) => iterationsWithin(seconds, estimated))).toEqual([0, 0, 0]);
  });
});

import { describe, expect, it } from 'vitest';
import { groupMeans, summarizeTimes } from './statistics.js';

describe('the summary of timings', () => {
  it('is the middle one, the least and the greatest', () => {
    expect(summarizeTimes([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3, count: 3 });
  });

  it('takes the mean of the middle two of an even number', () => {
    expect(summarizeTimes([4, 1, 2, 10]).median).toBe(3);
  });

  it('does not make one up from nothing', () => {
    expect(() => summarizeTimes([])).toThrow(RangeError);
  });
});

describe('the mean of iterations that share a draw', () => {
  it('is taken group by group, without the rest', () => {
    expect(groupMeans([5, 1, 1, 1, 6, 2, 2, 2, 9], 4)).toEqual([2, 3]);
  });

  it('leaves single iterations as they are', () => {
    expect(groupMeans([1, 2], 1)).toEqual([1, 2]);
  });
});

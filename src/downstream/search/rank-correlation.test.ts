import { describe, expect, it } from 'vitest';
import { rankCorrelation, ranks, topRegret } from './rank-correlation.js';

describe('ranks', () => {
  it('begin with 1 for the lowest, and equal scores share the mean of theirs', () => {
    expect(ranks([30, 10, 20])).toEqual([3, 1, 2]);
    expect(ranks([5, 5, 1, 5])).toEqual([3, 3, 1, 3]);
  });
});

describe('the correlation of ranks', () => {
  it('is 1 in the same order, whatever the distances, and -1 in the opposite one', () => {
    expect(rankCorrelation([1, 2, 30], [5, 6, 6.1])).toEqual({ spearman: 1, kendall: 1 });
    expect(rankCorrelation([1, 2, 30], [3, 2, 1])).toEqual({ spearman: -1, kendall: -1 });
  });

  it('is what is found by hand: five pairs in order, one not', () => {
    // Ranks 1 2 3 4 against 1 2 4 3: ρ = 1 − 6·2/(4·15), τ = (5 − 1)/6.
    const { spearman, kendall } = rankCorrelation([1, 2, 3, 4], [10, 20, 40, 30]);
    expect(spearman).toBeCloseTo(0.8, 12);
    expect(kendall).toBeCloseTo(2 / 3, 12);
  });

  it.each([
    // scipy.stats.spearmanr and kendalltau
    [[12, 2, 1, 12, 2], [1, 4, 7, 1, 0], -0.5407380704358752, -0.4714045207910316],
    [[1, 2, 3, 4, 5], [5, 6, 7, 8, 7], 0.8207826816681233, 0.7378647873726218],
  ])('of %j and %j counts ties as SciPy does', (one, other, spearman, kendall) => {
    const found = rankCorrelation(one, other);
    expect(found.spearman).toBeCloseTo(spearman, 12);
    expect(found.kendall).toBeCloseTo(kendall, 12);
  });

  it('is not defined where one list says nothing of order', () => {
    expect(rankCorrelation([1, 1, 1], [1, 2, 3])).toEqual({});
    expect(rankCorrelation([1], [2])).toEqual({});
    expect(rankCorrelation([], [])).toEqual({});
  });

  it('takes lists of equal length only', () => {
    expect(() => rankCorrelation([1, 2], [1])).toThrow(RangeError);
  });
});

describe('the regret of choosing by a proxy', () => {
  const accuracies = [70, 90, 80, 60];

  it('is what the best of its first k lacks', () => {
    const proxy = [0.9, 0.1, 0.5, 0.8];
    expect([1, 2, 3, 4].map((top) => topRegret(proxy, accuracies, top))).toEqual([20, 20, 10, 0]);
  });

  it('takes the first of equal ones', () => {
    expect(topRegret([1, 1, 1, 1], accuracies, 1)).toBe(20);
  });
});

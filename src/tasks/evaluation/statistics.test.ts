import { describe, expect, it } from 'vitest';
import { studentQuantile975, summarize } from './statistics.js';

describe('a figure over seeds', () => {
  it('is its mean, sample standard deviation and number', () => {
    expect(summarize([80, 82, 84])).toMatchObject({ mean: 82, std: 2, n: 3 });
  });

  it('has the 95 % interval of Student with n - 1 degrees of freedom', () => {
    // scipy.stats.t.interval(0.95, 2, 82, 2 / sqrt(3))
    const [low, high] = summarize([80, 82, 84]).interval95!;
    expect(low).toBeCloseTo(77.0317, 3);
    expect(high).toBeCloseTo(86.9683, 3);
  });

  it('has neither deviation nor interval for a single seed', () => {
    expect(summarize([80])).toEqual({ mean: 80, std: 0, n: 1 });
  });

  it('is refused for no seed at all', () => {
    expect(() => summarize([])).toThrow(/nothing to summarise/);
  });

  it('knows the quantiles of the distribution, tabled and beyond the table', () => {
    // scipy.stats.t.ppf(0.975, [4, 9, 31, 60, 1000])
    const known = { 4: 2.776445, 9: 2.262157, 31: 2.039513, 60: 2.000298, 1000: 1.962339 };
    for (const [degrees, quantile] of Object.entries(known))
      expect(studentQuantile975(Number(degrees)), degrees).toBeCloseTo(quantile, 3);
  });
});

import { describe, expect, it } from 'vitest';
import { studentQuantile975, summarize, varianceComponents } from './statistics.js';

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
    expect(summarize([80])).toEqual({ mean: 80, std: null, n: 1 });
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

describe('the components of variance', () => {
  it('are those of a one-way analysis of variance', () => {
    // By hand: the means have the variance 4, of which a third of the variance within, 1, comes from training.
    const { distillation, training } = varianceComponents([
      [80, 81, 82],
      [82, 83, 84],
      [84, 85, 86],
    ]);
    expect(distillation! ** 2).toBeCloseTo(4 - 1 / 3, 10);
    expect(training).toBeCloseTo(1, 10);
  });

  it('find no difference between distillations where that of their networks explains it', () => {
    const { distillation, training } = varianceComponents([
      [80, 84],
      [81, 83],
    ]);
    expect(distillation).toBe(0);
    expect(training! ** 2).toBeCloseTo((8 + 2) / 2, 10);
  });

  it('cannot be told apart with one network for each distillation, or with one distillation', () => {
    expect(varianceComponents([[80], [82]])).toEqual({ distillation: null, training: null });
    expect(varianceComponents([[80, 82]])).toEqual({
      distillation: null,
      training: Math.sqrt(2),
    });
  });

  it('need equally many networks of each distillation', () => {
    expect(() => varianceComponents([[80, 81], [82]])).toThrow(/different numbers/);
  });
});

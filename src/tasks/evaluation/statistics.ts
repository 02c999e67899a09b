/** A figure over `n` training seeds: mean and sample standard deviation (0 for one seed). */
export interface Summary {
  readonly mean: number;
  readonly std: number;
  readonly n: number;
}

/** A summary with the interval that holds the true mean with a confidence of 95 %; absent for a single seed. */
export interface Accuracy extends Summary {
  readonly interval95?: readonly [low: number, high: number];
}

/**
 * Mean, sample standard deviation, and Student's 95 % interval of the mean: mean ± t·s/√n with n − 1 degrees of freedom.
 * A single value has neither deviation nor interval. Throws RangeError for no value.
 */
export function summarize(values: readonly number[]): Accuracy {
  const n = values.length;
  if (n === 0) throw new RangeError('there is nothing to summarise');
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { mean, std: 0, n };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const std = Math.sqrt(squares / (n - 1));
  const half = (studentQuantile975(n - 1) * std) / Math.sqrt(n);
  return { mean, std, n, interval95: [mean - half, mean + half] };
}

/** Of Student's distribution with 1 to 30 degrees of freedom: what 97.5 % of its values lie below. */
const quantiles975 = [
  12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281, 2.201, 2.1788,
  2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.093, 2.086, 2.0796, 2.0739, 2.0687, 2.0639,
  2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
];

/** The 97.5 % quantile of Student's distribution; beyond 30 degrees by Cornish and Fisher's expansion (error < 1e-4). */
export function studentQuantile975(degrees: number): number {
  const tabled = quantiles975[degrees - 1];
  if (tabled !== undefined) return tabled;
  const z = 1.959964;
  return (
    z + (z ** 3 + z) / (4 * degrees) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2)
  );
}

/** A figure over `n` values: their mean and sample standard deviation. */
export interface Summary {
  readonly mean: number;
  /** Null for a single value, which has none. */
  readonly std: number | null;
  readonly n: number;
}

/** A summary with Student's 95 % interval of the mean, over what the values differ in; absent for a single value. */
export interface Accuracy extends Summary {
  readonly interval95?: readonly [low: number, high: number];
}

/**
 * Mean, sample standard deviation, and Student's 95 % interval of the mean: mean ± t·s/√n with n − 1 degrees of freedom.
 * Throws RangeError for no value.
 */
export function summarize(values: readonly number[]): Accuracy {
  const n = values.length;
  if (n === 0) throw new RangeError('there is nothing to summarise');
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { mean, std: null, n };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const std = Math.sqrt(squares / (n - 1));
  const half = (studentQuantile975(n - 1) * std) / Math.sqrt(n);
  return { mean, std, n, interval95: [mean - half, mean + half] };
}

/** The two sources of what accuracies differ by, as standard deviations; null where they cannot be told apart. */
export interface Components {
  /** Between distillations: of the accuracy that a set has on average over its networks. */
  readonly distillation: number | null;
  /** Between networks trained on one set. */
  readonly training: number | null;
}

/**
 * The components of variance of a one-way layout with random effects (Searle, Casella, McCulloch, *Variance Components*,
 * §3.6, equal group sizes): that of training is the mean variance within distillations; that of distillations is the
 * variance of their means less what training adds to it, and 0 where that is negative.
 *
 * @param groups the accuracies of each distillation's networks, equally many of each
 */
export function varianceComponents(groups: readonly (readonly number[])[]): Components {
  const size = groups[0]?.length ?? 0;
  if (groups.some(({ length }) => length !== size)) {
    throw new RangeError('the distillations have different numbers of networks');
  }
  const within = groups.map((group) => summarize(group).std);
  if (size < 2) return { distillation: null, training: null };
  const training = within.reduce<number>((sum, std) => sum + std! ** 2, 0) / groups.length;
  if (groups.length < 2) return { distillation: null, training: Math.sqrt(training) };
  const means = summarize(groups.map((group) => summarize(group).mean));
  const distillation = Math.max(0, means.std! ** 2 - training / size);
  return { distillation: Math.sqrt(distillation), training: Math.sqrt(training) };
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

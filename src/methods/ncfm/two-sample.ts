import { scope, type Tensor } from '../../tensor/index.js';
import type { CharacteristicFunction } from './characteristic.js';
import { squaredDistance } from './discrepancy.js';

export interface SampleSizes {
  /** N. */
  readonly real: number;
  /** M. */
  readonly synthetic: number;
}

/**
 * Beside squared distances, and expectations of them, of about 1/N + 1/M: keeps quotients and logarithms finite where
 * both vanish, and above what single precision leaves of 1 − |Φ|².
 */
const epsilon = 1e-6;

/**
 * What |Φx − Φs|² would be on average if real and synthetic images were drawn from one distribution, at every frequency
 * [classes, T]: (1 − |φ|²)/N + (1 − |φ|²)/M, the variance of two means of N and M unit vectors exp(j⟨t, f⟩) with mean φ.
 * As E|Φ|² = |φ|² + (1 − |φ|²)/N, it is estimated without bias by (1 − |Φx|²)/(N − 1) + (1 − |Φs|²)/(M − 1). A single
 * synthetic image says nothing about its spread; then the real images' stands for it: (1 − |Φx|²)/(N − 1) · (1 + N).
 *
 * Images drawn equally from clusters spread less than independent ones: for those it is an upper bound.
 */
export function noiseFloor(
  x: CharacteristicFunction,
  s: CharacteristicFunction,
  { real, synthetic }: SampleSizes,
): Tensor {
  return scope(() => {
    const ofReal = spread(x).div(real - 1);
    if (synthetic === 1) return ofReal.mul(1 + real);
    return ofReal.add(spread(s).div(synthetic - 1));
  });
}

/** 1 − |Φ|². */
function spread({ real, imaginary }: CharacteristicFunction): Tensor {
  return real.square().add(imaginary.square()).neg().add(1);
}

/**
 * The objective `ratio` of each class [classes]: log(mean over frequencies of |Φx − Φs|²) − log(mean over frequencies of
 * its `noiseFloor`). About 0 where nothing but noise tells the two apart; a factor on both cancels, so that sheer scale
 * gains nothing.
 */
export function noiseRatio(
  x: CharacteristicFunction,
  s: CharacteristicFunction,
  sizes: SampleSizes,
): Tensor {
  return scope(() => {
    const logMean = (values: Tensor): Tensor => values.mean([1]).add(epsilon).log();
    return logMean(squaredDistance(x, s)).sub(logMean(noiseFloor(x, s, sizes)));
  });
}

/**
 * The objective `power` of each class [classes]: the mean over frequencies of |Φx − Φs|² over its `noiseFloor`.
 *
 * The two-sample test with characteristic functions (Chwialkowski et al. 2015) compares z = Φx − Φs, a vector of two
 * parts, with its covariance S: z′S⁻¹z; Jitkrittum et al. (2016) choose frequencies that make the statistic large, as a
 * lower bound of the test's power grows with it. Here each frequency is a test of its own, and tr S, the noise floor,
 * takes the place of S: no inverse of a nearly singular matrix. With true difference δ, E|z|² = |δ|² + tr S, and the
 * statistic is about 1 + |δ|²/tr S:
 * - t → 0: δ ≈ j⟨t, μx − μs⟩ and 1 − |φ|² ≈ t′Ct, so that ⟨t, μx − μs⟩² / (t′Cx t/N + t′Cs t/M) is left, which does not
 *   depend on the length of t;
 * - t → ∞: δ → 0, and 1 is left.
 * The tests of the papers smooth Φ by a kernel, without which features of unbounded range can differ where Φ does not
 * show it. Normalised features are bounded: their Φ is analytic, and two that agree on any open set agree everywhere.
 */
export function testPower(
  x: CharacteristicFunction,
  s: CharacteristicFunction,
  sizes: SampleSizes,
): Tensor {
  return scope(() =>
    squaredDistance(x, s)
      .div(noiseFloor(x, s, sizes).add(epsilon))
      .mean([1]),
  );
}

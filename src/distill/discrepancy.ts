import { scope, type Tensor } from '../tensor/index.js';
import type { CharacteristicFunction } from './characteristic.js';

export interface DiscrepancyOptions {
  /** Weight of the amplitude term against the phase term, in [0, 1]; 0.5 weighs them equally. */
  readonly alpha?: number;
}

/**
 * Inside both square roots, so that their gradients are 0 and not NaN where the functions agree. The least discrepancy
 * is therefore √1e-12 = 1e-6, not 0.
 */
const epsilon = 1e-12;

function amplitude({ real, imaginary }: CharacteristicFunction): Tensor {
  return real.square().add(imaginary.square()).add(epsilon).sqrt();
}

/**
 * The neural characteristic function discrepancy of each group (the paper's eq. 6): the mean over frequencies of
 * √(α·A + (1 − α)·P), with amplitude term A = (|Φx| − |Φs|)² and phase term P = 2(|Φx||Φs| − Re Φx Re Φs − Im Φx Im Φs).
 *
 * As A + P = |Φx − Φs|², the bracket is computed as (1 − α)·|Φx − Φs|² + (2α − 1)·A: the subtraction of nearly equal
 * products in P, which loses most digits in single precision, never happens for α ≥ 0.5, and with α = 0.5 only the
 * squared distance is left.
 *
 * @param x characteristic functions [groups, T]
 * @param s the ones to compare with [groups, T]
 * @returns [groups], each ≥ 0 (dimensionless)
 */
export function discrepancy(
  x: CharacteristicFunction,
  s: CharacteristicFunction,
  { alpha = 0.5 }: DiscrepancyOptions = {},
): Tensor {
  if (!(alpha >= 0 && alpha <= 1)) throw new RangeError(`alpha must be in [0, 1], got ${alpha}`);
  return scope(() => {
    const distance = x.real.sub(s.real).square().add(x.imaginary.sub(s.imaginary).square());
    let bracket = distance.mul(1 - alpha);
    if (alpha !== 0.5) {
      const amplitudeTerm = amplitude(x).sub(amplitude(s)).square();
      bracket = bracket.add(amplitudeTerm.mul(2 * alpha - 1)).clamp(0);
    }
    return bracket.add(epsilon).sqrt().mean([1]);
  });
}

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
  requireAlpha(alpha);
  return scope(() => root(x, s, alpha).mean([1]));
}

/**
 * The derivatives of `discrepancy` with respect to the real and the imaginary part of `s`, both [groups, T], in closed
 * form: with A, P and their root r as above, ∂r/∂Re Φs = ((1 − α)(Re Φs − Re Φx) + (2α − 1)(|Φs| − |Φx|) Re Φs / |Φs|) / r
 * at each frequency, and likewise for the imaginary part; the mean divides by T. Made of differentiable operators, so
 * that it has derivatives itself.
 */
export function discrepancySlope(
  x: CharacteristicFunction,
  s: CharacteristicFunction,
  { alpha = 0.5 }: DiscrepancyOptions = {},
): CharacteristicFunction {
  requireAlpha(alpha);
  return scope(() => {
    const scale = root(x, s, alpha).mul(x.real.size(1));
    const towards = alpha === 0.5 ? undefined : amplitudeSlope(x, s).mul(2 * alpha - 1);
    const slope = (part: 'real' | 'imaginary'): Tensor => {
      const distance = s[part].sub(x[part]).mul(1 - alpha);
      return (towards ? distance.add(towards.mul(s[part])) : distance).div(scale);
    };
    return { real: slope('real'), imaginary: slope('imaginary') };
  });
}

/** (|Φs| − |Φx|) / |Φs| */
function amplitudeSlope(x: CharacteristicFunction, s: CharacteristicFunction): Tensor {
  const ofS = amplitude(s);
  return ofS.sub(amplitude(x)).div(ofS);
}

function requireAlpha(alpha: number): void {
  if (!(alpha >= 0 && alpha <= 1)) throw new RangeError(`alpha must be in [0, 1], got ${alpha}`);
}

/** √(α·A + (1 − α)·P) at every frequency [groups, T]. */
function root(x: CharacteristicFunction, s: CharacteristicFunction, alpha: number): Tensor {
  let bracket = squaredDistance(x, s).mul(1 - alpha);
  if (alpha !== 0.5) {
    const amplitudeTerm = amplitude(x).sub(amplitude(s)).square();
    bracket = bracket.add(amplitudeTerm.mul(2 * alpha - 1)).clamp(0);
  }
  return bracket.add(epsilon).sqrt();
}

/** |Φx − Φs|² at every frequency [groups, T]. */
export function squaredDistance(x: CharacteristicFunction, s: CharacteristicFunction): Tensor {
  return scope(() => x.real.sub(s.real).square().add(x.imaginary.sub(s.imaginary).square()));
}

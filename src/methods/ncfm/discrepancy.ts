import { scope, type Tensor } from '../../tensor/index.js';
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
 * P as written subtracts nearly equal products, which loses most digits in single precision. As A + P = |Φx − Φs|², the
 * bracket is computed as (1 − α)·|Φx − Φs|² + (2α − 1)·A for α ≥ 0.5, which subtracts nothing, and with α = 0.5 only the
 * squared distance is left; for α < 0.5 as A and P themselves, in the form of `polarDistance`.
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
    const { real, imaginary } = alpha < 0.5 ? polarSlope(x, s, alpha) : flatSlope(x, s, alpha);
    return { real: real.div(scale), imaginary: imaginary.div(scale) };
  });
}

/** Half the derivative of the bracket with respect to `s`, for α ≥ 0.5. */
function flatSlope(
  x: CharacteristicFunction,
  s: CharacteristicFunction,
  alpha: number,
): CharacteristicFunction {
  const towards = alpha === 0.5 ? undefined : amplitudeSlope(x, s).mul(2 * alpha - 1);
  const slope = (part: 'real' | 'imaginary'): Tensor => {
    const distance = s[part].sub(x[part]).mul(1 - alpha);
    return towards ? distance.add(towards.mul(s[part])) : distance;
  };
  return { real: slope('real'), imaginary: slope('imaginary') };
}

/** (|Φs| − |Φx|) / |Φs| */
function amplitudeSlope(x: CharacteristicFunction, s: CharacteristicFunction): Tensor {
  const ofS = amplitude(s);
  return ofS.sub(amplitude(x)).div(ofS);
}

/** Half the derivative of the bracket with respect to `s`, for α < 0.5. */
function polarSlope(
  x: CharacteristicFunction,
  s: CharacteristicFunction,
  alpha: number,
): CharacteristicFunction {
  const { growth, turn, ofS } = polarDistance(x, s);
  const slope = (part: 'real' | 'imaginary'): Tensor =>
    growth
      .mul(s[part])
      .mul(alpha)
      .sub(turn[part].mul(1 - alpha))
      .div(ofS);
  return { real: slope('real'), imaginary: slope('imaginary') };
}

interface PolarDistance {
  /** |Φs| − |Φx|, so that A is its square. */
  readonly growth: Tensor;
  /** |Φs| Φx − |Φx| Φs, whose length is |Φx||Φs| · 2 sin(Δ/2) for an angle Δ between the functions. */
  readonly turn: CharacteristicFunction;
  readonly ofX: Tensor;
  readonly ofS: Tensor;
}

/**
 * How far apart amplitudes and phases are, each to nearly the last digit: both come from the differences of the real
 * and imaginary parts, which are exact where the functions are close, and not from differences of products.
 */
function polarDistance(x: CharacteristicFunction, s: CharacteristicFunction): PolarDistance {
  const [ofX, ofS] = [amplitude(x), amplitude(s)];
  const difference = { real: x.real.sub(s.real), imaginary: x.imaginary.sub(s.imaginary) };
  const along = (part: 'real' | 'imaginary'): Tensor => difference[part].mul(x[part].add(s[part]));
  const growth = along('real').add(along('imaginary')).neg().div(ofX.add(ofS));
  const turn = (part: 'real' | 'imaginary'): Tensor =>
    difference[part].mul(ofS).add(s[part].mul(growth));
  return { growth, turn: { real: turn('real'), imaginary: turn('imaginary') }, ofX, ofS };
}

function requireAlpha(alpha: number): void {
  if (!(alpha >= 0 && alpha <= 1)) throw new RangeError(`alpha must be in [0, 1], got ${alpha}`);
}

/** √(α·A + (1 − α)·P) at every frequency [groups, T]. */
function root(x: CharacteristicFunction, s: CharacteristicFunction, alpha: number): Tensor {
  const bracket = alpha < 0.5 ? polarBracket(x, s, alpha) : flatBracket(x, s, alpha);
  return bracket.add(epsilon).sqrt();
}

function flatBracket(x: CharacteristicFunction, s: CharacteristicFunction, alpha: number): Tensor {
  const bracket = squaredDistance(x, s).mul(1 - alpha);
  if (alpha === 0.5) return bracket;
  const amplitudeTerm = amplitude(x).sub(amplitude(s)).square();
  return bracket.add(amplitudeTerm.mul(2 * alpha - 1)).clamp(0);
}

/** With P = |turn|² / (|Φx||Φs|) = 4|Φx||Φs| sin²(Δ/2). The amplitudes' epsilon is a third component of the functions. */
function polarBracket(x: CharacteristicFunction, s: CharacteristicFunction, alpha: number): Tensor {
  const { growth, turn, ofX, ofS } = polarDistance(x, s);
  const amplitudeTerm = growth.square();
  const phaseTerm = turn.real
    .square()
    .add(turn.imaginary.square())
    .add(amplitudeTerm.mul(epsilon))
    .div(ofX.mul(ofS));
  return amplitudeTerm.mul(alpha).add(phaseTerm.mul(1 - alpha));
}

/** |Φx − Φs|² at every frequency [groups, T]. */
export function squaredDistance(x: CharacteristicFunction, s: CharacteristicFunction): Tensor {
  return scope(() => x.real.sub(s.real).square().add(x.imaginary.sub(s.imaginary).square()));
}

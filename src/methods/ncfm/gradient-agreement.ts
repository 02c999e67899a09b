import { type RandomGenerator, scope, type Tensor, tensorOn } from '../../tensor/index.js';
import { discrepancySlope } from './discrepancy.js';

/** Which rows of each class's real features make the two halves. */
export interface Halves {
  /** [classes, N, 1], 1 for the rows of a half and 0 for others. */
  readonly first: Tensor;
  readonly second: Tensor;
  /** Rows of each half. */
  readonly size: number;
}

/**
 * Two disjoint halves of `perClass` rows of each class: of every two neighbouring rows a coin decides which goes where,
 * so that both halves have (nearly) equal shares of every cluster. Of an odd number the last row is in neither.
 */
export function drawHalves(classes: number, perClass: number, random: RandomGenerator): Halves {
  return scope(() => {
    const size = Math.floor(perClass / 2);
    const coins = random.uniforms(classes * size, 'float32');
    const half = (first: boolean): Tensor => {
      const rows = new Float32Array(classes * perClass);
      for (const [index, coin] of coins.entries()) {
        const pair = Math.floor(index / size) * perClass + 2 * (index % size);
        rows[pair + (coin < 0.5 === first ? 0 : 1)] = 1;
      }
      return tensorOn(random.device, rows, [classes, perClass, 1]);
    };
    return { first: half(true), second: half(false), size };
  });
}

/** What an objective of ψ is computed from: normalised features, without gradient, class by class. */
export interface ObjectiveInput {
  /** [classes · N, d] */
  readonly real: Tensor;
  /** [classes · M, d] */
  readonly synthetic: Tensor;
  /** [T, d], with a gradient. */
  readonly frequencies: Tensor;
  readonly classes: number;
}

/**
 * The objective `agreement` of each class [classes], in [−1, 1]: the cosine between the gradients of the discrepancy
 * with respect to the synthetic features that each half of the real images gives. Where it is small, the images would
 * follow the draw of real images rather than the class.
 *
 * The gradient is computed in closed form, for another gradient with respect to the frequencies goes through it: with
 * u and v from `discrepancySlope`, that of the feature f is Σ over t of w(f, t) t, w = (v cos⟨t, f⟩ − u sin⟨t, f⟩) / M.
 * The product of two such sums is Σ over t, t′ of w(f, t) w′(f, t′) ⟨t, t′⟩: they are never made.
 */
export function gradientAgreement(
  { real, synthetic, frequencies, classes }: ObjectiveInput,
  { first, second, size }: Halves,
  alpha: number,
): Tensor {
  return scope(() => {
    const { cosines, sines } = waves(synthetic, frequencies, classes);
    const ofReal = waves(real, frequencies, classes);
    const s = { real: cosines.mean([1]), imaginary: sines.mean([1]) };
    const weights = (rows: Tensor): Tensor => {
      const meanOver = (values: Tensor): Tensor => values.mul(rows).sum([1]).div(size);
      const x = { real: meanOver(ofReal.cosines), imaginary: meanOver(ofReal.sines) };
      const slope = discrepancySlope(x, s, { alpha });
      const [u, v] = [slope.real.unsqueeze(1), slope.imaginary.unsqueeze(1)];
      return cosines.mul(v).sub(sines.mul(u)).div(cosines.size(1));
    };
    const [one, other] = [weights(first), weights(second)];
    // Of features in many dimensions the products of the frequencies are far fewer than the gradients' elements.
    const products = frequencies.matmul(frequencies.transpose(0, 1));
    const product = (a: Tensor, b: Tensor): Tensor => a.matmul(products).mul(b).sum([1, 2]);
    const lengths = product(one, one).mul(product(other, other)).add(tiny).sqrt();
    return product(one, other).div(lengths);
  });
}

/** Keeps the cosine's gradient finite where a gradient vanishes. */
const tiny = 1e-30;

interface Waves {
  /** [classes, n, T] */
  readonly cosines: Tensor;
  readonly sines: Tensor;
}

function waves(features: Tensor, frequencies: Tensor, classes: number): Waves {
  const phases = features
    .matmul(frequencies.transpose(0, 1))
    .reshape([classes, -1, frequencies.size(0)]);
  return { cosines: phases.cos(), sines: phases.sin() };
}

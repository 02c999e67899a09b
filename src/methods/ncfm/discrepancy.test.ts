import { describe, expect, it } from 'vitest';
import { cat, grad, type Tensor } from '../../tensor/index.js';
import { expectNear, numbers } from '../../tensor/testing/compare.js';
import { expectGradient } from '../../tensor/testing/finite-differences.js';
import { RandomGenerator, tensor } from '../../tensor/testing/on-device.js';
import { type CharacteristicFunction, characteristicFunction } from './characteristic.js';
import { discrepancy, discrepancySlope } from './discrepancy.js';
import { gaussianFrequencies } from './frequencies.js';

const random = new RandomGenerator(1);
const t = gaussianFrequencies(40, 3, 1.5, random);
const alphas = [0, 0.1, 0.3, 0.5, 0.9, 1];

function between(x: Tensor, s: Tensor, alpha = 0.5, groups = 1): number[] {
  const [fx, fs] = [x, s].map((features) => characteristicFunction(features, t, groups));
  return numbers(discrepancy(fx!, fs!, { alpha }));
}

/** Characteristic functions in single precision, the second one `factor` times as long and turned by `angle`. */
function pairApart(factor: number, angle: number) {
  const generator = new RandomGenerator(3);
  const [real, imaginary] = [0, 1].map(() => generator.normal([1, 50], 'float64').mul(0.3));
  const [cos, sin] = [factor * Math.cos(angle), factor * Math.sin(angle)];
  const x = { real: real!, imaginary: imaginary! };
  const s = {
    real: x.real.mul(cos).sub(x.imaginary.mul(sin)),
    imaginary: x.real.mul(sin).add(x.imaginary.mul(cos)),
  };
  return { x: to(x, 'float32'), s: to(s, 'float32') };
}

function to({ real, imaginary }: CharacteristicFunction, dtype: 'float32' | 'float64') {
  return { real: real.to(dtype), imaginary: imaginary.to(dtype) };
}

const inDouble = (phi: CharacteristicFunction) => to(phi, 'float64');

/** A value, and its gradient with respect to the second function. */
function withGradient(
  s: CharacteristicFunction,
  compute: (leaves: CharacteristicFunction) => Tensor,
) {
  const [real, imaginary] = [s.real, s.imaginary].map((part) => part.clone().setRequiresGrad(true));
  const value = compute({ real: real!, imaginary: imaginary! });
  const [byReal, byImaginary] = grad([value.sum()], [real!, imaginary!]);
  return { value: value.detach(), real: byReal!, imaginary: byImaginary! };
}

const values = (x: CharacteristicFunction, s: CharacteristicFunction, alpha: number) =>
  withGradient(s, (leaves) => discrepancy(x, leaves, { alpha }));

/** The paper's formula as it is written, with the official code's bound below the root. */
const official = (x: CharacteristicFunction, s: CharacteristicFunction, alpha: number) =>
  withGradient(s, (leaves) => {
    const length = ({ real, imaginary }: CharacteristicFunction) =>
      real.square().add(imaginary.square()).sqrt();
    const [ofX, ofS] = [length(x), length(leaves)];
    const product = x.real.mul(leaves.real).add(x.imaginary.mul(leaves.imaginary));
    const phase = ofX.mul(ofS).sub(product).mul(2);
    const amplitude = ofX.sub(ofS).square();
    return amplitude
      .mul(alpha)
      .add(phase.mul(1 - alpha))
      .add(1e-12)
      .sqrt()
      .mean([1]);
  });

describe('discrepancy', () => {
  const x = random.normal([30, 3]);
  const s = random.normal([12, 3]).add(0.2);

  it.each(alphas)('is next to nothing for the same features in another order (α = %d)', (alpha) => {
    expect(between(x, x.flip([0]), alpha)[0]).toBeLessThan(1e-5);
    expect(between(x, x.flip([0]), alpha)[0]).toBeGreaterThan(0);
  });

  it.each(alphas)('is symmetric (α = %d)', (alpha) => {
    expect(between(x, s, alpha)[0]).toBeCloseTo(between(s, x, alpha)[0]!, 6);
    expect(between(x, s, alpha)[0]).toBeGreaterThan(0.01);
  });

  it('grows with a shift of the features', () => {
    const shifts = [0, 0.05, 0.1, 0.2, 0.4, 0.8].map((shift) => between(x, x.add(shift))[0]!);
    for (const [index, value] of shifts.slice(1).entries()) {
      expect(value).toBeGreaterThan(shifts[index]!);
    }
  });

  it('sees a shift by the phase alone: the amplitudes stay', () => {
    expect(between(x, x.add(0.4), 1)[0]).toBeLessThan(1e-3);
    expect(between(x, x.add(0.4), 0)[0]).toBeGreaterThan(0.1);
  });

  it('is the mean of |Φx − Φs| / √2 for α = ½', () => {
    const [fx, fs] = [x, s].map((features) => characteristicFunction(features, t, 1));
    const distance = fx!.real.sub(fs!.real).square().add(fx!.imaginary.sub(fs!.imaginary).square());
    const expected = distance.sqrt().mean().item() / Math.SQRT2;
    expect(between(x, s)[0]).toBeCloseTo(expected, 6);
  });

  it('treats every group by itself', () => {
    const [first, second] = [x.narrow(0, 0, 12), x.narrow(0, 12, 12)];
    const together = between(x.narrow(0, 0, 24), x.narrow(0, 6, 24), 0.3, 2);
    expect(together[0]).toBeCloseTo(between(first, x.narrow(0, 6, 12), 0.3)[0]!, 6);
    expect(together[1]).toBeCloseTo(between(second, x.narrow(0, 18, 12), 0.3)[0]!, 6);
  });

  it.each(alphas)('has the gradients of its values (α = %d)', (alpha) => {
    const parts = Array.from({ length: 4 }, () => random.normal([2, 6], 'float64').mul(0.4));
    expectGradient(
      (a, b, c, d) => discrepancy({ real: a, imaginary: b }, { real: c, imaginary: d }, { alpha }),
      parts,
      { tolerance: 1e-6 },
    );
  });

  it('has the gradients of its values in terms of features and frequencies', () => {
    const inputs = [
      [5, 3],
      [4, 3],
      [6, 3],
    ].map((shape) => random.normal(shape, 'float64'));
    expectGradient(
      (real, synthetic, frequencies) =>
        discrepancy(
          characteristicFunction(real, frequencies, 1),
          characteristicFunction(synthetic, frequencies, 1),
          { alpha: 0.7 },
        ),
      inputs,
      { tolerance: 1e-6 },
    );
  });

  describe.each([0, 0.1, 0.3])(
    'with more weight on phases than on amplitudes (α = %d)',
    (alpha) => {
      const close: [string, number, number][] = [
        ['turned', 1, 1e-4],
        ['longer', 1 + 1e-4, 0],
        ['longer and a little turned', 1.01, 1e-4],
        ['opposite', 1, Math.PI],
      ];

      it.each(close)('is as in double precision for functions that are %s', (_, factor, angle) => {
        // With α = 0 nothing but epsilon is left of functions whose phases agree.
        if (alpha === 0 && angle === 0) return;
        const { x, s } = pairApart(factor, angle);
        const single = values(x, s, alpha);
        const double = values(inDouble(x), inDouble(s), alpha);
        const formula = official(inDouble(x), inDouble(s), alpha);
        expectNear(double.value, formula.value, 1e-6);
        expectNear(single.value, formula.value, 2e-5);
        expectNear(single.real, formula.real, 2e-5);
        expectNear(single.imaginary, formula.imaginary, 2e-5);
      });

      it.each<[string, number, number]>([
        ['both are 0', 0, 0],
        ['the first is 0', 0, 0.3],
        ['the second is 0', 0.3, 0],
      ])('is a number, as are its gradients and its slope, where %s', (_, first, second) => {
        const [x, s] = [first, second].map((value) => ({
          real: tensor([value, value], [1, 2]),
          imaginary: tensor([0, -value], [1, 2]),
        })) as [CharacteristicFunction, CharacteristicFunction];
        const { value, real, imaginary } = values(x, s, alpha);
        const slope = discrepancySlope(x, s, { alpha });
        for (const result of [value, real, imaginary, slope.real, slope.imaginary])
          expect(numbers(result).every(Number.isFinite)).toBe(true);
      });
    },
  );

  it.each([-0.1, 1.1, Number.NaN])('refuses α = %d', (alpha) => {
    expect(() => between(x, s, alpha)).toThrow(/alpha must be in \[0, 1\]/);
  });

  it('weighs both terms equally unless told otherwise', () => {
    const [fx, fs] = [x, s].map((features) => characteristicFunction(features, t, 1));
    expectNear(discrepancy(fx!, fs!), tensor(between(x, s, 0.5)), 1e-7);
  });
});

describe('the slope of the discrepancy', () => {
  const [a, b, c, d] = Array.from({ length: 4 }, () =>
    random.normal([2, 6], 'float64').mul(0.4),
  ) as [Tensor, Tensor, Tensor, Tensor];

  it.each(alphas)('is its gradient with respect to the second function (α = %d)', (alpha) => {
    const [real, imaginary] = [c, d].map((part) => part.clone().setRequiresGrad(true));
    const leaves = { real: real!, imaginary: imaginary! };
    const values = discrepancy({ real: a, imaginary: b }, leaves, { alpha });
    const [byReal, byImaginary] = grad([values.sum()], [leaves.real, leaves.imaginary]);
    const slope = discrepancySlope({ real: a, imaginary: b }, { real: c, imaginary: d }, { alpha });
    expectNear(slope.real, byReal!, 1e-9);
    expectNear(slope.imaginary, byImaginary!, 1e-9);
  });

  // With α = 1 only the sign of |Φs| − |Φx| is left of Φx: a gradient of almost nothing, which rounding blurs.
  it.each(alphas)('has the gradients of its values (α = %d)', (alpha) => {
    expectGradient(
      (a, b, c, d) => {
        const functions = [
          { real: a, imaginary: b },
          { real: c, imaginary: d },
        ] as const;
        const { real, imaginary } = discrepancySlope(...functions, { alpha });
        return cat([real, imaginary]);
      },
      [a, b, c, d],
      { tolerance: alpha === 1 ? 1e-3 : 1e-6 },
    );
  });

  it('refuses α outside [0, 1]', () => {
    const same = { real: a, imaginary: b };
    expect(() => discrepancySlope(same, same, { alpha: 2 })).toThrow(/alpha must be in \[0, 1\]/);
  });
});

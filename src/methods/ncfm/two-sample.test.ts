import { describe, expect, it } from 'vitest';
import { scope, type Tensor } from '../../tensor/index.js';
import { RandomGenerator, tensor } from '../../tensor/testing/on-device.js';
import { type CharacteristicFunction, characteristicFunction } from './characteristic.js';
import { noiseFloor, noiseRatio, testPower } from './two-sample.js';

const doubles = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor =>
  tensor(values, shape, 'float64');
const meanOf = (x: Tensor): number => x.mean().item();

/** Many pairs of samples from normal distributions with variance 1 in two dimensions, the means `apart`. */
function samples(
  t: readonly number[],
  { apart = 0, real = 40, synthetic = 20, pairs = 2000, seed = 2 } = {},
) {
  const draws = new RandomGenerator(seed);
  const frequency = doubles(t, [1, 2]);
  const sample = (count: number, shift: number): CharacteristicFunction =>
    characteristicFunction(
      draws.normal([pairs * count, 2], 'float64').add(doubles([shift, 0])),
      frequency,
      pairs,
    );
  const [x, s] = [sample(real, apart), sample(synthetic, 0)];
  return { x, s, sizes: { real, synthetic } };
}

/** |Φ| of the standard normal distribution at a frequency of this length. */
const normalLength = (length: number): number => Math.exp(-(length ** 2) / 2);

describe('the noise floor', () => {
  it.each([
    [5, 3],
    [40, 20],
    [5, 1],
  ])(
    'is on average what samples of %i and %i from one distribution differ by',
    (real, synthetic) => {
      const t = [0.6, 0.8];
      const { x, s, sizes } = samples(t, { real, synthetic, pairs: 20_000 });
      const truth = (1 - normalLength(1) ** 2) * (1 / real + 1 / synthetic);
      const floor = noiseFloor(x, s, sizes);
      const distance = x.real.sub(s.real).square().add(x.imaginary.sub(s.imaginary).square());
      expect(floor.shape).toEqual([20_000, 1]);
      expect(meanOf(floor) / truth).toBeCloseTo(1, 1.7);
      expect(meanOf(distance) / truth).toBeCloseTo(1, 1.3);
    },
  );
});

describe('the test power', () => {
  const direction = [0.6, 0.8];
  const along = (length: number) => direction.map((value) => value * length);
  const power = (length: number, apart: number): number =>
    scope(() => {
      const { x, s, sizes } = samples(along(length), { apart });
      return meanOf(testPower(x, s, sizes));
    });

  it('tends to a limit that does not depend on the scale where frequencies are short', () => {
    // 1 + ⟨t, Δμ⟩² / |t|²(1/N + 1/M), with |⟨t, Δμ⟩| = 0.6 · 2 |t|.
    const limit = 1 + (0.6 * 2) ** 2 / (1 / 40 + 1 / 20);
    expect(power(0.1, 2) / limit).toBeGreaterThan(0.95);
    expect(power(0.1, 2) / limit).toBeLessThan(1.08);
    expect(power(0.05, 2) / power(0.1, 2)).toBeCloseTo(1, 1.7);
  });

  it('is 1 where they are long, and wherever both are one distribution', () => {
    for (const [length, apart] of [
      [6, 2],
      [20, 2],
      [1, 0],
      [0.2, 0],
    ] as const) {
      expect(power(length, apart), `${length} ${apart}`).toBeGreaterThan(0.93);
      expect(power(length, apart), `${length} ${apart}`).toBeLessThan(1.07);
    }
  });

  it('is the squared distance over the floor at each frequency, in closed form for normal distributions', () => {
    const lengths = [0.3, 1, 1.5];
    const sizes = { real: 11, synthetic: 5 };
    const function_ = (shift: number): CharacteristicFunction => {
      const part = (wave: (angle: number) => number) =>
        doubles(
          lengths.map((length) => normalLength(length) * wave(0.6 * length * shift)),
          [1, 3],
        );
      return { real: part(Math.cos), imaginary: part(Math.sin) };
    };
    const each = lengths.map((length) => {
      const square = normalLength(length) ** 2;
      // |1 − exp(jx)|² = 2(1 − cos x)
      return [2 * square * (1 - Math.cos(0.6 * length * 2)), (1 - square) * (1 / 10 + 1 / 4)];
    });
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / 3;
    const [x, s] = [function_(2), function_(0)];
    const expectedPower = mean(each.map(([distance, floor]) => distance! / floor!));
    expect(testPower(x, s, sizes).item()).toBeCloseTo(expectedPower, 3);
    const expectedRatio = Math.log(mean(each.map(([d]) => d!)) / mean(each.map(([, f]) => f!)));
    expect(noiseRatio(x, s, sizes).item()).toBeCloseTo(expectedRatio, 4);
  });
});

describe('the noise ratio', () => {
  it('is 0 for one distribution at every scale, where the raw distance grows with the scale', () => {
    const at = (length: number) =>
      scope(() => {
        const { x, s, sizes } = samples([0.6 * length, 0.8 * length]);
        // All pairs of samples as the frequencies of one class.
        const asClass = ({ real, imaginary }: CharacteristicFunction) => ({
          real: real.reshape([1, -1]),
          imaginary: imaginary.reshape([1, -1]),
        });
        const distance = x.real.sub(s.real).square().add(x.imaginary.sub(s.imaginary).square());
        return {
          ratio: noiseRatio(asClass(x), asClass(s), sizes).item(),
          distance: meanOf(distance),
        };
      });
    const scales = [0.2, 1, 5].map(at);
    for (const { ratio } of scales) expect(Math.abs(ratio)).toBeLessThan(0.06);
    expect(scales[2]!.distance).toBeGreaterThan(20 * scales[0]!.distance);
  });
});

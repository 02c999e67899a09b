import { describe, expect, it } from 'vitest';
import { cat, scope } from '../../tensor/index.js';
import { expectNear, numbers } from '../../tensor/testing/compare.js';
import { expectGradient } from '../../tensor/testing/finite-differences.js';
import { RandomGenerator, tensor, zeros } from '../../tensor/testing/on-device.js';
import { normalizeFeatures } from '../../train/index.js';
import { characteristicFunction, mergeGroups } from './characteristic.js';
import { gaussianFrequencies } from './frequencies.js';

const random = new RandomGenerator(1);

describe('normalizeFeatures', () => {
  it('gives every row length 1 and keeps its direction', () => {
    const x = random.normal([5, 7], 'float64').mul(100);
    const normed = normalizeFeatures(x);
    expectNear(normed.square().sum([1]), tensor([1, 1, 1, 1, 1], [5], 'float64'), 1e-12);
    expectNear(normed.mul(x.square().sum([1], true).sqrt()), x, 1e-12);
  });

  it('keeps a row of zeros, with a finite gradient', () => {
    expect(numbers(normalizeFeatures(zeros([2, 3])))).toEqual([0, 0, 0, 0, 0, 0]);
    expectGradient(normalizeFeatures, [random.normal([3, 4], 'float64')]);
  });
});

describe('characteristicFunction', () => {
  it('is the mean of cosines and sines of the projections, group by group', () => {
    const features = [0.5, -1, 2, 0.25];
    const t = [1, -3, 0];
    const { real, imaginary } = characteristicFunction(
      tensor(features, [4, 1], 'float64'),
      tensor(t, [3, 1], 'float64'),
      2,
    );
    const mean = (f: (angle: number) => number, group: number, frequency: number) =>
      (f(features[2 * group]! * frequency) + f(features[2 * group + 1]! * frequency)) / 2;
    const expected = (f: (angle: number) => number) =>
      tensor(
        [0, 1].flatMap((group) => t.map((frequency) => mean(f, group, frequency))),
        [2, 3],
        'float64',
      );
    expectNear(real, expected(Math.cos), 1e-14);
    expectNear(imaginary, expected(Math.sin), 1e-14);
  });

  it('has the gradients of its values', () => {
    const inputs = [random.normal([6, 3], 'float64'), random.normal([5, 3], 'float64')];
    expectGradient((x, t) => characteristicFunction(x, t, 2).real, inputs);
    expectGradient((x, t) => characteristicFunction(x, t, 2).imaginary, inputs);
  });

  it('approaches exp(−|t|²/2) for standard normal samples, as 1/√N', () => {
    const draws = new RandomGenerator(2);
    const t = gaussianFrequencies(64, 4, 0.7, draws);
    const truth = t.square().sum([1]).mul(-0.5).exp();
    const meanSquare = (count: number) =>
      scope(() => {
        const { real, imaginary } = characteristicFunction(draws.normal([count, 4]), t, 1);
        return real.sub(truth).square().add(imaginary.square()).mean().item();
      });
    const points = [100, 316, 1000, 3162, 10_000, 100_000].map((count) => {
      const repeats = count > 5000 ? 3 : 12;
      const total = Array.from({ length: repeats }, () => meanSquare(count));
      const error = Math.sqrt(total.reduce((sum, value) => sum + value, 0) / repeats);
      return [Math.log(count), Math.log(error)] as const;
    });
    const slope = fittedSlope(points);
    expect(slope).toBeGreaterThan(-0.6);
    expect(slope).toBeLessThan(-0.4);
    expect(Math.exp(points.at(-1)![1])).toBeLessThan(0.005);
  });
});

function fittedSlope(points: readonly (readonly [number, number])[]): number {
  const mean = (axis: 0 | 1) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return covariance / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

describe('mergeGroups', () => {
  const features = random.normal([24, 5], 'float64');
  const t = random.normal([8, 5], 'float64');

  it.each([1, 2, 3, 6, 12])('gives what %i larger groups give', (groups) => {
    const merged = mergeGroups(characteristicFunction(features, t, 12), groups);
    const direct = characteristicFunction(features, t, groups);
    expectNear(merged.real, direct.real, 1e-13);
    expectNear(merged.imaginary, direct.imaginary, 1e-13);
  });

  it('has the gradients of its values', () => {
    expectGradient(
      (x, y) => {
        const { real, imaginary } = mergeGroups({ real: x, imaginary: y }, 2);
        return cat([real, imaginary]);
      },
      [random.normal([6, 3], 'float64'), random.normal([6, 3], 'float64')],
    );
  });
});

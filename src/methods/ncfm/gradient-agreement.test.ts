import { describe, expect, it } from 'vitest';
import { grad, type Tensor } from '../../tensor/index.js';
import { expectNear, numbers } from '../../tensor/testing/compare.js';
import { RandomGenerator, tensor } from '../../tensor/testing/on-device.js';
import { drawHalves, gradientAgreement } from './gradient-agreement.js';
import { matchingLoss } from './matching.js';

const random = new RandomGenerator(1);
const doubles = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor =>
  tensor(values, shape, 'float64');
const meanOf = (x: Tensor): number => x.mean().item();

// Two classes of eight real and three synthetic images.
const real = random.normal([16, 5], 'float64');
const synthetic = random.normal([6, 5], 'float64').mul(0.7).add(0.2);
const t = random.normal([7, 5], 'float64');
const halves = drawHalves(2, 8, new RandomGenerator(3));
const doubleHalves = {
  ...halves,
  first: halves.first.to('float64'),
  second: halves.second.to('float64'),
};
describe('two halves', () => {
  it.each([8, 9])('share %i rows, one of every two neighbours each', (perClass) => {
    const { first, second, size } = drawHalves(3, perClass, new RandomGenerator(4));
    expect([first.shape, size]).toEqual([[3, perClass, 1], 4]);
    const [one, other] = [first, second].map(numbers);
    for (let label = 0; label < 3; label++) {
      for (let row = 0; row < perClass; row += 2) {
        const pair = [row, row + 1].filter((each) => each < perClass);
        const of = (rows: number[]) => pair.map((each) => rows[label * perClass + each]!);
        const expected = pair.length === 2 ? [0, 1] : [0];
        expect(of(one!).sort()).toEqual(expected);
        expect(of(other!).sort()).toEqual(expected);
        expect(of(one!).map((value, index) => value + of(other!)[index]!)).toEqual(
          pair.length === 2 ? [1, 1] : [0],
        );
      }
    }
  });

  it('are others at each draw', () => {
    const draws = new RandomGenerator(5);
    const [one, other] = [drawHalves(2, 32, draws), drawHalves(2, 32, draws)];
    expect(numbers(one.first)).not.toEqual(numbers(other.first));
  });
});

describe('the gradient agreement', () => {
  const input = { real, synthetic, frequencies: t, classes: 2 };

  it.each([0.5, 0.8, 0.2])(
    'is the cosine of the gradients of the discrepancy, alpha %d',
    (alpha) => {
      const gradientOf = (half: Tensor): number[] => {
        const rows = numbers(half).flatMap((value, index) => (value === 1 ? [index] : []));
        const leaf = synthetic.clone().setRequiresGrad(true);
        const chosen = real.indexSelect(0, tensor(rows, [rows.length], 'int64'));
        const options = { partitions: 2, classes: 2, groupings: [1], alpha };
        return numbers(grad([matchingLoss(chosen, leaf, [t], options).sum()], [leaf])[0]!);
      };
      const [one, other] = [gradientOf(halves.first), gradientOf(halves.second)];
      const product = (x: number[], y: number[], label: number) =>
        x.slice(15 * label, 15 * label + 15).reduce((sum, v, i) => sum + v * y[15 * label + i]!, 0);
      const expected = [0, 1].map(
        (label) =>
          product(one, other, label) /
          Math.sqrt(product(one, one, label) * product(other, other, label)),
      );
      expectNear(gradientAgreement(input, doubleHalves, alpha), doubles(expected), 1e-9);
      expect(Math.max(...expected.map(Math.abs))).toBeLessThan(0.999);
    },
  );

  it('is 1 where both halves hold the same images', () => {
    const twice = real.narrow(0, 0, 8).repeatInterleave(2, 0);
    const cosines = gradientAgreement({ ...input, real: twice }, doubleHalves, 0.5);
    expectNear(cosines, doubles([1, 1]), 1e-9);
  });

  it('is larger for frequencies that see the difference of the classes than for those that see noise', () => {
    const far = (scale: number) => {
      const moved = { ...input, real: real.mul(0.3).add(1.5), frequencies: t.mul(scale) };
      return meanOf(gradientAgreement(moved, doubleHalves, 0.5));
    };
    expect(far(0.3)).toBeGreaterThan(0.9);
    expect(far(30)).toBeLessThan(0.6);
  });
});

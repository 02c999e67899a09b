import { describe, expect, it } from 'vitest';
import { scope } from '../../tensor/index.js';
import { tensor } from '../../tensor/testing/on-device.js';
import { gradientDistance } from './gradient-distance.js';

describe('the distance of two gradients', () => {
  it('sums one minus the cosine over the rows of weights, and leaves biases out', () => {
    scope(() => {
      // Rows: alike up to length (0), orthogonal (1), opposite (2); a row of zeros counts 1.
      const a = tensor([1, 0, 0, 1, 1, 1, 0, 0], [4, 2]);
      const b = tensor([3, 0, 2, 0, -2, -2, 1, 1], [4, 2]);
      const bias = tensor([5, 5]);
      const { distance, direction } = gradientDistance([a, bias], [b, bias.mul(-1)]);
      expect(distance).toBeCloseTo(0 + 1 + 2 + 1, 4);
      expect(direction[1]!.toFloat32Array()).toEqual(new Float32Array(2));
    });
  });

  it('takes a convolution’s rows to be its output channels', () => {
    scope(() => {
      const a = tensor([1, 0, 0, 0, 0, 0, 0, 1], [2, 1, 2, 2]);
      const b = tensor([0, 1, 0, 0, 0, 0, 0, 1], [2, 1, 2, 2]);
      expect(gradientDistance([a], [b]).distance).toBeCloseTo(1, 5);
    });
  });

  it('has the direction that finite differences have', () => {
    const values = [0.3, -0.7, 0.2, 0.9, 0.4, -0.1];
    const real = [0.5, 0.1, -0.3, 0.2, 0.8, 0.6];
    const at = (a: readonly number[]) =>
      scope(() => {
        const found = gradientDistance(
          [tensor(a, [2, 3], 'float64')],
          [tensor(real, [2, 3], 'float64')],
        );
        return { ...found, direction: Array.from(found.direction[0]!.toArray(), Number) };
      });
    const step = 1e-6;
    for (const [index, slope] of at(values).direction.entries()) {
      const moved = (by: number) =>
        values.map((value, own) => (own === index ? value + by : value));
      const difference = at(moved(step)).distance - at(moved(-step)).distance;
      expect(slope).toBeCloseTo(difference / (2 * step), 6);
    }
  });

  it('has no direction that is not a number at a row of zeros', () => {
    scope(() => {
      const { direction } = gradientDistance(
        [tensor([0, 0, 1, 1], [2, 2])],
        [tensor([1, 2, 0, 0], [2, 2])],
      );
      expect(direction[0]!.toFloat32Array().every(Number.isFinite)).toBe(true);
    });
  });
});

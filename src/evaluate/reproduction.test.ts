import { describe, expect, it } from 'vitest';
import { RandomGenerator } from '../tensor/testing/on-device.js';
import { reproduce } from './reproduction.js';

describe('a figure held against recorded ones', () => {
  it('is expected within the prediction interval of one more', () => {
    // t of 0.975 with 4 degrees of freedom: 2.7764.
    const { mean, std, n, expected } = reproduce([10, 12, 11, 13, 9], 11);
    expect([mean, n]).toEqual([11, 5]);
    expect(std).toBeCloseTo(Math.sqrt(2.5), 12);
    expect(expected[0]).toBeCloseTo(11 - 2.7764 * Math.sqrt(2.5 * 1.2), 6);
    expect(expected[1]).toBeCloseTo(11 + 2.7764 * Math.sqrt(2.5 * 1.2), 6);
  });

  it.each([
    [11, 'within'],
    [6.3, 'within'],
    [6.1, 'below'],
    [15.9, 'above'],
  ] as const)('%d is %s', (found, verdict) => {
    expect(reproduce([10, 12, 11, 13, 9], found).verdict).toBe(verdict);
  });

  it('is outside in about 5 of 100 cases where nothing has changed', () => {
    const random = new RandomGenerator(1);
    const draws = 2000;
    using values = random.normal([draws * 5]);
    const all = Array.from(values.toArray(), Number);
    const outside = Array.from({ length: draws }, (_, draw) => {
      const own = all.slice(5 * draw, 5 * draw + 5);
      return reproduce(own.slice(0, 4), own[4]!).verdict !== 'within';
    }).filter(Boolean).length;
    // Four deviations of a binomial count of 100.
    expect(Math.abs(outside - 0.05 * draws)).toBeLessThan(40);
  });

  it('needs two recorded values', () => {
    expect(() => reproduce([80], 81)).toThrow(RangeError);
  });
});

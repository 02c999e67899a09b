import { describe, expect, it } from 'vitest';
import { cat } from '../../tensor/index.js';
import { numbers } from '../../tensor/testing/compare.js';
import { full, RandomGenerator } from '../../tensor/testing/on-device.js';
import { normalizeFeatures } from '../../train/index.js';
import { automaticScale, gaussianFrequencies } from './frequencies.js';

describe('gaussianFrequencies', () => {
  it('have the shape, the mean and the deviation asked for', () => {
    const t = gaussianFrequencies(300, 100, 2.5, new RandomGenerator(1));
    expect(t.shape).toEqual([300, 100]);
    const values = numbers(t);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    // 30,000 numbers: five standard errors.
    expect(Math.abs(mean)).toBeLessThan((5 * 2.5) / Math.sqrt(30_000));
    expect(Math.abs(Math.sqrt(variance) / 2.5 - 1)).toBeLessThan(5 / Math.sqrt(60_000));
  });

  it('are the same for the same seed and fresh at every draw', () => {
    const draw = (random: RandomGenerator) => numbers(gaussianFrequencies(4, 3, 1, random));
    expect(draw(new RandomGenerator(1))).toEqual(draw(new RandomGenerator(1)));
    const random = new RandomGenerator(1);
    expect(draw(random)).not.toEqual(draw(random));
  });
});

describe('automaticScale', () => {
  /** Unit rows with a common part c and a random rest: their variance within the class is 1 − c². */
  function rows(count: number, common: number, random: RandomGenerator) {
    const rest = normalizeFeatures(random.normal([count, 20])).mul(Math.sqrt(1 - common ** 2));
    return cat([full([count, 1], common), rest], 1);
  }

  it.each([0.1, 0.5, 0.9])('is 1.2 / √V for classes of variance 1 − %d²', (common) => {
    const random = new RandomGenerator(3);
    const features = cat([rows(400, common, random), rows(400, common, random)]);
    const expected = 1.2 / Math.sqrt(1 - common ** 2);
    expect(automaticScale(features, 2) / expected).toBeCloseTo(1, 1.5);
  });

  it('does not depend on the number of rows, on average', () => {
    const random = new RandomGenerator(4);
    // Many classes of two rows: without the correction the variance would be half of the truth.
    const features = cat(Array.from({ length: 200 }, () => rows(2, 0.6, random)));
    expect(automaticScale(features, 200) / (1.2 / 0.8)).toBeCloseTo(1, 1.5);
  });

  it('averages over classes', () => {
    const random = new RandomGenerator(5);
    const features = cat([rows(400, 0.2, random), rows(400, 0.8, random)]);
    const variance = (1 - 0.2 ** 2 + 1 - 0.8 ** 2) / 2;
    expect(automaticScale(features, 2) / (1.2 / Math.sqrt(variance))).toBeCloseTo(1, 1.5);
  });

  it('stays finite when all rows of a class are equal, and when there is one row only', () => {
    const one = normalizeFeatures(full([1, 4], 1));
    expect(automaticScale(cat([one, one, one]), 1)).toBeCloseTo(120, 3);
    expect(Number.isFinite(automaticScale(one, 1))).toBe(true);
  });
});

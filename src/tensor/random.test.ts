import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/index.js';
import { numbers } from './testing/compare.js';
import { RandomGenerator } from './testing/on-device.js';

/** A sample of everything a generator can draw. */
function draws(random: RandomGenerator): unknown[] {
  return [
    random.uniform(),
    random.integer(1000),
    [...random.permutation(10)],
    numbers(random.normal([3])),
    numbers(random.uniformTensor([2, 2])),
    numbers(random.normal([20], 'float64')),
  ];
}

describe('RandomGenerator', () => {
  it('gives the same numbers for the same seed, and others for another', () => {
    expect(draws(new RandomGenerator(7))).toEqual(draws(new RandomGenerator(7)));
    expect(draws(new RandomGenerator(7))).not.toEqual(draws(new RandomGenerator(8)));
  });

  it('treats 0 as a seed like any other', () => {
    expect(draws(new RandomGenerator(0))).toEqual(draws(new RandomGenerator(0)));
    expect(draws(new RandomGenerator(0))).not.toEqual(draws(new RandomGenerator(1)));
  });

  it('accepts every seed to 2^53 - 1 and tells large ones apart', () => {
    const largest = Number.MAX_SAFE_INTEGER;
    expect(draws(new RandomGenerator(largest))).not.toEqual(
      draws(new RandomGenerator(largest - 1)),
    );
    expect(draws(new RandomGenerator(2 ** 40))).not.toEqual(draws(new RandomGenerator(2 ** 41)));
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 53, '1' as unknown as number])('refuses %s', (seed) => {
    expect(() => new RandomGenerator(seed)).toThrow(/a seed is an integer from 0 to 2\^53 - 1/);
  });

  it('does not depend on other generators', () => {
    const [one, other] = [new RandomGenerator(3), new RandomGenerator(4)];
    const expected = draws(new RandomGenerator(3));
    draws(other);
    expect(draws(one)).toEqual(expected);
  });

  it('goes on exactly where a state was taken, also in the middle of a pair of normals', () => {
    const random = new RandomGenerator(5);
    random.normal([1], 'float64');
    const state = random.getState();
    const expected = draws(random);
    const other = new RandomGenerator(99);
    draws(other);
    other.setState(state);
    expect(draws(other)).toEqual(expected);
    random.setState(state);
    expect(draws(random)).toEqual(expected);
  });

  it('has a state of its own: drawing does not change one that was taken', () => {
    const random = new RandomGenerator(5);
    const state = random.getState();
    const copy = state.slice();
    draws(random);
    expect(state).toEqual(copy);
    expect(random.getState()).not.toEqual(copy);
  });

  it('refuses what is not a state of its kind', () => {
    const random = new RandomGenerator(5);
    const state = random.getState();
    expect(() => random.setState(new Uint8Array(10))).toThrow();
    expect(() => random.setState(state.slice(1))).toThrow();
    expect(() => random.setState(new Uint8Array([...state, ...new Uint8Array(16)]))).toThrow(
      UsageError,
    );
    expect(random.getState()).toEqual(state);
  });

  it('derives independent, repeatable generators without drawing', () => {
    const random = new RandomGenerator(11);
    const state = random.getState();
    const first = random.derive('images');
    expect(random.getState()).toEqual(state);
    draws(random);
    expect(random.derive('images').seed).toBe(first.seed);
    expect(random.derive('networks').seed).not.toBe(first.seed);
    expect(new RandomGenerator(12).derive('images').seed).not.toBe(first.seed);
    expect(first.derive('images').seed).not.toBe(first.seed);
  });

  it('derives the seeds it always did, so that runs of earlier versions can be repeated', () => {
    expect(new RandomGenerator(0).derive('images').seed).toMatchInlineSnapshot(`148995588814859`);
  });

  it('draws uniform numbers in [0, 1), integers below the limit and true permutations', () => {
    const random = new RandomGenerator(1);
    const values = numbers(random.uniformTensor([20_000], 'float64'));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    expect(mean(values)).toBeCloseTo(0.5, 1);
    const integers = Array.from({ length: 400 }, () => random.integer(5));
    expect(new Set(integers)).toEqual(new Set([0, 1, 2, 3, 4]));
    const order = random.permutation(50);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from(order.keys()));
    expect([...order]).not.toEqual(Array.from(order.keys()));
  });

  it('draws standard normal numbers', () => {
    const values = numbers(new RandomGenerator(2).normal([40_000], 'float64'));
    // Five standard errors of each.
    expect(Math.abs(mean(values))).toBeLessThan(5 / 200);
    expect(Math.abs(mean(values.map((value) => value ** 2)) - 1)).toBeLessThan(
      (5 * Math.SQRT2) / 200,
    );
    expect(Math.abs(mean(values.map((value) => value ** 4)) - 3)).toBeLessThan((5 * 9.8) / 200);
  });
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

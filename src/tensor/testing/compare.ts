import { expect } from 'vitest';
import type { Tensor } from '../index.js';

export function numbers(x: Tensor): number[] {
  return Array.from(x.toArray(), Number);
}

function norm(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

/** ‖actual − expected‖ / ‖expected‖ over all elements (over 1 where expected is all zeros). NaN where one of them is. */
export function relativeError(actual: readonly number[], expected: readonly number[]): number {
  const difference = actual.map((value, index) => value - expected[index]!);
  return norm(difference) / (norm(expected) || 1);
}

/** Checks shape and values: the relative error of the whole tensor is at most `tolerance`. */
export function expectNear(actual: Tensor, expected: Tensor, tolerance: number): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.length).toBeGreaterThan(0);
  expect(relativeError(numbers(actual), numbers(expected))).toBeLessThanOrEqual(tolerance);
}

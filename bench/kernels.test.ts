import { scope } from 'ncfm/tensor';
import { describe, expect, it } from 'vitest';
import { kernelCases } from './kernels.js';

describe('each of our operators and its composition', () => {
  it.each(kernelCases(true))('compute the same: $name', ({ ours, composition }) => {
    const difference = scope(() => {
      const [actual, expected] = [ours(), composition()];
      return actual.sub(expected).square().sum().div(expected.square().sum()).item();
    });
    expect(Math.sqrt(difference)).toBeLessThan(1e-3);
  });
});

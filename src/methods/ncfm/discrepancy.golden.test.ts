import { describe, expect, it } from 'vitest';
import { grad, type Tensor } from '../../tensor/index.js';
import { expectNear, numbers } from '../../tensor/testing/compare.js';
import { golden } from '../../tensor/testing/golden.js';
import { characteristicFunction } from './characteristic.js';
import { discrepancy } from './discrepancy.js';

const expected = golden('discrepancy');
const real = expected('real');

function evaluate(dtype: 'float32' | 'float64', frequencies: string, alpha: number) {
  const synthetic = expected('synthetic').to(dtype).clone().setRequiresGrad(true);
  const t = expected(frequencies).to(dtype).clone().setRequiresGrad(true);
  const x = characteristicFunction(real.to(dtype), t, 1);
  const value = discrepancy(x, characteristicFunction(synthetic, t, 1), { alpha });
  const [bySynthetic, byFrequencies] = grad([value.sum()], [synthetic, t]) as [Tensor, Tensor];
  return { value: value.squeeze(0), bySynthetic, byFrequencies };
}

describe("the discrepancy of the official code's formula", () => {
  describe.each([0.1, 0.5, 0.9])('with α = %d', (alpha) => {
    it.each([
      ['float32', 'frequencies', '', 1e-5],
      ['float32', 'frequencies_with_zeros', '.zeros', 1e-5],
      ['float64', 'frequencies', '', 1e-8],
    ] as const)(
      'is met in %s at %s, with both gradients',
      (dtype, frequencies, suffix, tolerance) => {
        const { value, bySynthetic, byFrequencies } = evaluate(dtype, frequencies, alpha);
        const key = `${alpha}${suffix}`;
        expectNear(value, expected(`value.${key}`), tolerance);
        expectNear(bySynthetic, expected(`gradient.synthetic.${key}`), tolerance);
        expectNear(byFrequencies, expected(`gradient.frequencies.${key}`), tolerance);
      },
    );

    it('has a finite gradient where the functions agree at every frequency', () => {
      const same = real.to('float32').setRequiresGrad(true);
      const t = expected('frequencies_with_zeros').to('float32').setRequiresGrad(true);
      const x = characteristicFunction(real.to('float32'), t, 1);
      const value = discrepancy(x, characteristicFunction(same, t, 1), { alpha });
      expect(value.item()).toBeLessThan(1e-5);
      for (const gradient of grad([value.sum()], [same, t])) {
        expect(numbers(gradient).every((element) => Number.isFinite(element))).toBe(true);
      }
    });
  });
});

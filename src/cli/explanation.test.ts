import { describe, expect, it } from 'vitest';
import { FailureError, UsageError } from '../core/index.js';
import { RandomGenerator } from '../tensor/testing/on-device.js';
import { exitCodeOf, explanation } from './explanation.js';

describe('an error', () => {
  it('of memory is told with how to take less', () => {
    const random = new RandomGenerator(1);
    let error: unknown;
    try {
      random.normal([2 ** 24, 2 ** 24]);
    } catch (caught) {
      error = caught;
    }
    expect(explanation(error)).toMatch(/out of memory: .*\n.*--memory 2GB.*ncfm plan/);
    expect(exitCodeOf(error)).toBe(1);
  });

  it('that was foreseen is told as it is, and any other with how to find its place', () => {
    expect(explanation(new UsageError('wrong'))).toBe('wrong');
    expect(explanation(new FailureError('failed'))).toBe('failed');
    expect(explanation(new TypeError('oh'))).toMatch(/^unexpected error: oh\nNCFM_DEBUG=1/);
    expect([new UsageError('wrong'), new TypeError('oh')].map(exitCodeOf)).toEqual([2, 1]);
  });
});

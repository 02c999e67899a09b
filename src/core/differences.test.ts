import { describe, expect, it } from 'vitest';
import { describeDifferences, differences } from './differences.js';

describe('the differences of two records', () => {
  it('are their settings, by path, lists as a whole', () => {
    const was = { seed: 1, distill: { alpha: 0.5, betas: [0.9, 0.99], kind: 'gaussian' } };
    const now = { distill: { alpha: 0.3, betas: [0.9, 0.999], kind: 'gaussian' }, name: null };
    expect(describeDifferences(differences(was, now))).toBe(
      '  seed: 1, now none\n  distill.alpha: 0.5, now 0.3\n' +
        '  distill.betas: [0.9,0.99], now [0.9,0.999]\n  name: none, now null',
    );
  });

  it('are none for equal records, whatever the order of their keys', () => {
    expect(differences({ a: 1, b: { c: [2] } }, { b: { c: [2] }, a: 1 })).toEqual([]);
  });
});

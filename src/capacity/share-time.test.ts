import { describe, expect, it } from 'vitest';
import { type Shared, shareTime } from './share-time.js';

const stage = (given: Partial<Shared> = {}): Shared => ({
  fixed: 0,
  each: 1,
  least: 1,
  most: Number.POSITIVE_INFINITY,
  weight: 1,
  ...given,
});

/** What lengths take. */
const taken = (stages: readonly Shared[], lengths: readonly number[]) =>
  stages.reduce((sum, { fixed, each }, index) => sum + fixed + each * lengths[index]!, 0);

describe('sharing time among stages', () => {
  it('gives each its part of what the fixed costs leave', () => {
    const stages = [stage({ fixed: 10, each: 2 }), stage({ fixed: 30, weight: 3, each: 0.5 })];
    expect(shareTime(stages, 120)).toEqual([10, 120]);
    expect(taken(stages, [10, 120])).toBe(120);
  });

  it('gives what a stage cannot use to the others', () => {
    expect(shareTime([stage({ most: 5 }), stage(), stage({ weight: 2 })], 65)).toEqual([5, 20, 40]);
  });

  it('takes what a stage needs at least from the others', () => {
    expect(shareTime([stage({ least: 50 }), stage(), stage()], 90)).toEqual([50, 20, 20]);
  });

  it('leaves a stage that another makes short no more than it needs', () => {
    // A third would be above the bound of the second; when the first has its least, it is not.
    const stages = [stage({ least: 70 }), stage({ most: 25 }), stage()];
    expect(shareTime(stages, 100)).toEqual([70, 15, 15]);
  });

  it('ends early when all have as much as is of use', () => {
    expect(shareTime([stage({ most: 5 }), stage({ most: 7 })], 100)).toEqual([5, 7]);
  });

  it('is impossible where the least of all takes longer', () => {
    const stages = [stage({ fixed: 5, least: 3 }), stage({ least: 2 })];
    expect(shareTime(stages, 9.9)).toBeUndefined();
    expect(shareTime(stages, 10)).toEqual([3, 2]);
  });

  it.each([20, 47, 333, 5000])('never takes more, and hardly less: %d s', (seconds) => {
    const stages = [
      stage({ fixed: 3, each: 0.7, least: 2, weight: 2 }),
      stage({ each: 0.03, least: 10, most: 400 }),
      stage({ fixed: 4, each: 0.2, least: 9, weight: 3 }),
    ];
    const all = taken(stages, shareTime(stages, seconds)!);
    expect(all).toBeLessThanOrEqual(seconds);
    expect(all).toBeGreaterThan(seconds - 1);
  });
});

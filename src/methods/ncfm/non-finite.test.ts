import { describe, expect, it } from 'vitest';
import { numbers } from '../../tensor/testing/compare.js';
import type { LearnedFrequencies } from './frequency-source.js';
import { condenser, run, samplingNetwork } from './testing/condenser.js';

describe('a condenser whose loss is not a number', () => {
  it('stops before a loss that is not a number spoils the images', () => {
    using owner = condenser({ frequencies: { kind: 'gaussian', count: 8, scale: Number.NaN } });
    const before = numbers(owner.synthetic.images);
    expect(() => owner.step()).toThrow(/not finite at iteration 1 .*learningRate/);
    expect(numbers(owner.synthetic.images)).toEqual(before);
  });

  it('leaves such an iteration out where it is told to', () => {
    using owner = condenser({
      frequencies: { kind: 'gaussian', count: 8, scale: Number.NaN },
      onNonFinite: 'skip',
    });
    const before = numbers(owner.synthetic.images);
    const report = owner.step();
    expect(report).toMatchObject({ skipped: true, discrepancy: Number.NaN });
    expect(owner.iteration).toBe(1);
    expect(numbers(owner.synthetic.images)).toEqual(before);
    expect(owner.step().skipped).toBe(true);
  });

  it('ends its schedules at their floor although iterations were left out', () => {
    const cosine = { kind: 'cosine', floor: 0.1 } as const;
    const iterations = 20;
    const rates = (spoilt: readonly number[]) => {
      let iteration = 0;
      const frequencies: LearnedFrequencies = {
        ...(samplingNetwork.frequencies as LearnedFrequencies),
        schedule: cosine,
        get scale() {
          return spoilt.includes(iteration) ? Number.NaN : 2;
        },
      };
      using owner = condenser({ iterations, schedule: cosine, frequencies, onNonFinite: 'skip' });
      const reports = Array.from({ length: iterations }, () => {
        iteration = owner.iteration;
        return owner.step();
      });
      const { imagesPlayer, frequencies: learned } = owner.getState();
      expect(reports.filter(({ skipped }) => skipped)).toHaveLength(spoilt.length);
      return {
        last: reports.at(-1)!.learningRate,
        steps: [imagesPlayer.schedule.step, learned!.player.schedule.step],
      };
    };
    expect(rates([3, 4, 11])).toEqual(rates([]));
    expect(rates([3, 4, 11]).steps).toEqual([iterations, iterations]);
  });

  it('does not count an iteration left out among those that a plateau waits for', () => {
    const schedule = { kind: 'plateau', factor: 0.5, patience: 0 } as const;
    using owner = condenser({
      schedule,
      frequencies: { kind: 'gaussian', count: 8, scale: Number.NaN },
      onNonFinite: 'skip',
    });
    expect(run(owner, 5).map(({ learningRate }) => learningRate)).toEqual(Array(5).fill(0.03));
  });
});

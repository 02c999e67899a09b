import { expect, it } from 'vitest';
import { NonFiniteError } from '../distill/non-finite.js';
import { noGrad, standInDevice, synchronizingCalls } from '../tensor/index.js';
import { describeOnStandIn } from '../tensor/testing/on-device.js';
import { Iterations } from './iterations.js';
import { distillerOf } from './ncfm/method.js';
import type { CondenseOptions } from './ncfm/options.js';
import { condenser, samplingNetwork } from './ncfm/testing/condenser.js';

const started = (options: Partial<CondenseOptions> = {}) =>
  distillerOf(condenser(options, { device: standInDevice }));

describeOnStandIn('Iterations', () => {
  it('are told some at a time, in order, and waited for once', () => {
    using distiller = started();
    const iterations = new Iterations(distiller, 3);
    const before = synchronizingCalls();
    const due = [1, 2, 3].map(() => {
      iterations.play();
      return iterations.isDue;
    });
    expect(due).toEqual([false, false, true]);
    expect(synchronizingCalls()).toBe(before);
    const told = [...iterations.reports()];
    expect(synchronizingCalls()).toBe(before + 1);
    expect(told.map(({ iteration }) => iteration)).toEqual([1, 2, 3]);
    expect(new Set(told.map(({ seconds }) => seconds)).size).toBe(1);
    expect([...iterations.reports()]).toEqual([]);
  });

  it('are told one by one where something waits for their numbers', () => {
    const schedule = { kind: 'plateau', factor: 0.5, patience: 3 } as const;
    using distiller = started({ schedule });
    const iterations = new Iterations(distiller, 3);
    iterations.play();
    expect(iterations.isDue).toBe(true);
    expect([...iterations.reports()]).toHaveLength(1);
  });

  it('are told up to the one that has no number', () => {
    const learned = { ...samplingNetwork, fineTuning: { kind: 'joint', weight: 1 } } as const;
    using distiller = started(learned);
    const { synthetic } = distiller;
    const iterations = new Iterations(distiller, 10);
    iterations.play();
    const pixels = synthetic.images.detach().clone();
    noGrad(() => synthetic.images.mul_(Number.NaN));
    iterations.play();
    noGrad(() => synthetic.images.copy_(pixels));
    pixels.dispose();
    const told: number[] = [];
    const tell = () => {
      for (const { iteration } of iterations.reports()) told.push(iteration);
    };
    expect(tell).toThrow(NonFiniteError);
    expect(told).toEqual([1]);
  });
});

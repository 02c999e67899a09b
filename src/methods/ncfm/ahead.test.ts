import { expect, it } from 'vitest';
import { defaultSiamese } from '../../augment/index.js';
import { liveTensors, standInDevice, synchronizingCalls } from '../../tensor/index.js';
import { numbers } from '../../tensor/testing/compare.js';
import { describeOnStandIn } from '../../tensor/testing/on-device.js';
import type { LearnedFrequencies } from './frequency-source.js';
import type { CondenseOptions, IterationReport } from './options.js';
import { samplingObjectives } from './sampling-objectives.js';
import { condenser, plain, run, samplingFor, samplingNetwork } from './testing/condenser.js';

const automatic: Partial<CondenseOptions> = {
  frequencies: { kind: 'gaussian', count: 64, scale: 'auto' },
  augmentation: defaultSiamese,
};

const cases: readonly (readonly [string, Partial<CondenseOptions>])[] = [
  ['fixed frequencies', automatic],
  ...samplingObjectives.map((objective) => {
    const learned = samplingFor(objective).frequencies as LearnedFrequencies;
    const frequencies = { ...learned, scale: 'auto' as const };
    return [`a sampling network for '${objective}'`, { ...automatic, frequencies }] as const;
  }),
  ['joint fine-tuning', { ...automatic, fineTuning: { kind: 'joint', weight: 1 } }],
  ['fine-tuning in steps', { ...automatic, fineTuning: { kind: 'step', weight: 1 } }],
  ['shared draws', { ...automatic, amortize: 2 }],
];

describeOnStandIn('iterations of NCFM that are not waited for', () => {
  it.each(cases)('have the host wait for nothing: %s', (_, options) => {
    using owner = condenser(options, { device: standInDevice });
    owner.stepAhead();
    const before = synchronizingCalls();
    const reports = Array.from({ length: 4 }, () => owner.stepAhead());
    expect(synchronizingCalls()).toBe(before);
    for (const report of reports) expect(Number.isFinite(report().discrepancy)).toBe(true);
    expect(synchronizingCalls()).toBe(before + 1);
  });

  it.each(cases)('come out as those that are: %s', (_, options) => {
    using waited = condenser(options);
    using ahead = condenser(options);
    const reports = run(waited, 4);
    const later = Array.from({ length: 4 }, () => ahead.stepAhead());
    expect(later.map((report) => report())).toEqual(reports);
    expect(numbers(ahead.synthetic.images)).toEqual(numbers(waited.synthetic.images));
  });

  const none = { ...samplingNetwork, fineTuning: { kind: 'step', weight: Number.NaN } } as const;

  it.each(['joint', 'step'] as const)(
    'move nothing where fine-tuning of kind %s has no number',
    (kind) => {
      using owner = condenser({ ...none, fineTuning: { ...none.fineTuning, kind } });
      const all = () => {
        const { optimizer } = owner.getState().imagesPlayer;
        const learned = [...optimizer.tensors.values(), ...owner.samplingNetwork!.parameters()];
        return [owner.synthetic.images, ...learned].map(numbers);
      };
      const before = all();
      const reports = [owner.stepAhead(), owner.stepAhead()];
      expect(all()).toEqual(before);
      expect(reports[1]!).toThrow(/gradient is not finite at iteration 2/);
      expect(reports[0]!).toThrow(/gradient is not finite at iteration 1/);
    },
  );

  it('say that they were left out, where that is asked for', () => {
    using owner = condenser({ ...none, onNonFinite: 'skip' });
    const reports: IterationReport[] = [owner.stepAhead(), owner.stepAhead()].map((end) => end());
    expect(reports.map(({ skipped }) => skipped)).toEqual([true, true]);
    expect(owner.iteration).toBe(2);
  });

  it('are not offered where a schedule looks at each loss', () => {
    const schedule = { kind: 'plateau', factor: 0.5, patience: 3 } as const;
    using images = condenser({ schedule });
    const frequencies = { ...(samplingNetwork.frequencies as LearnedFrequencies), schedule };
    using learned = condenser({ frequencies });
    using free = condenser(plain);
    expect([images, learned, free].map(({ goesAhead }) => goesAhead)).toEqual([false, false, true]);
  });

  it('hold as many tensors when their reports are read as before', () => {
    using owner = condenser(automatic, { device: standInDevice });
    owner.stepAhead()();
    const before = liveTensors();
    for (const report of [owner.stepAhead(), owner.stepAhead()]) report();
    expect(liveTensors()).toBe(before);
  });
});

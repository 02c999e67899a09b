import { describe, expect, it } from 'vitest';
import { noSiamese } from '../../augment/index.js';
import type { FineTuning } from '../../distill/fine-tuning.js';
import { liveTensors } from '../../tensor/index.js';
import { numbers } from '../../tensor/testing/compare.js';
import type { CondenseOptions } from '../index.js';
import { condenser, mean, plain, run, samplingNetwork } from './testing/condenser.js';

const forms: Exclude<FineTuning, { kind: 'none' }>[] = [
  { kind: 'joint', weight: 1, augment: true },
  { kind: 'joint', weight: 1, augment: false },
  { kind: 'step', weight: 1, augment: true },
  { kind: 'step', weight: 1, augment: false },
];

const still = { optimizer: { kind: 'sgd', learningRate: 0 } } as const;
const slow = { optimizer: { kind: 'sgd', learningRate: 1e-3 } } as const;

/** The stored images after one iteration, less those before it. */
function moved(options: Partial<CondenseOptions>): number[] {
  using owner = condenser(options);
  const before = numbers(owner.synthetic.images);
  owner.step();
  return numbers(owner.synthetic.images).map((value, index) => value - before[index]!);
}

describe.each(forms)('fine-tuning of kind $kind (augmented: $augment)', (fineTuning) => {
  it('lowers the cross-entropy under the trained networks', () => {
    const augmentation = { ...noSiamese, crop: 0.125 };
    using owner = condenser({ fineTuning, augmentation, discrepancyWeight: 0 });
    const losses = run(owner, 60).map(({ fineTuneLoss }) => fineTuneLoss!);
    expect(mean(losses.slice(-10))).toBeLessThan(0.95 * mean(losses.slice(0, 10)));
  });

  it('changes no draw of the matching', () => {
    const reports = (form: FineTuning) => {
      using owner = condenser({ ...samplingNetwork, ...still, fineTuning: form });
      return run(owner, 4).map(({ discrepancy, mixtureScales }) => ({
        discrepancy,
        mixtureScales,
      }));
    };
    expect(reports(fineTuning)).toEqual(reports({ kind: 'none' }));
  });

  it('draws its networks and augmentations whatever its form', () => {
    const losses = (options: Partial<CondenseOptions>) => {
      using owner = condenser({ ...still, augmentation: noSiamese, ...options });
      return run(owner, 6).map(({ fineTuneLoss }) => fineTuneLoss);
    };
    const found = losses({ fineTuning });
    expect(found).toEqual(losses({ fineTuning: { kind: 'joint', weight: 3, augment: false } }));
    expect(new Set(found).size).toBe(2); // the pool has two networks
  });

  it('leaves everything as it was before an iteration in which its gradient is not finite', () => {
    const weight = Number.NaN;
    using owner = condenser({ ...samplingNetwork, fineTuning: { ...fineTuning, weight } });
    const all = () => {
      const { optimizer } = owner.getState().imagesPlayer;
      const learned = [...optimizer.tensors.values(), ...owner.samplingNetwork!.parameters()];
      return [optimizer.step, [owner.synthetic.images, ...learned].map(numbers)];
    };
    const [before, live] = [all(), liveTensors()];
    expect(() => owner.step()).toThrow(/gradient is not finite at iteration 1/);
    expect(all()).toEqual(before);
    expect(liveTensors()).toBe(live + 2); // the real batch and its scale, which the next iteration replaces
  });
});

describe('fine-tuning', () => {
  it('is absent unless it is asked for', () => {
    using owner = condenser(plain);
    expect(owner.step().fineTuneLoss).toBeUndefined();
  });

  it.each(['joint', 'step'] as const)('shows the networks augmented images (%s)', (kind) => {
    const loss = (augment: boolean) => {
      using owner = condenser({ ...still, fineTuning: { kind, weight: 1, augment } });
      return mean(run(owner, 4).map(({ fineTuneLoss }) => fineTuneLoss!));
    };
    expect(loss(true)).not.toBeCloseTo(loss(false), 3);
    using usual = condenser({ ...still, fineTuning: { kind, weight: 1 } });
    expect(mean(run(usual, 4).map(({ fineTuneLoss }) => fineTuneLoss!))).toBe(loss(true));
  });

  it('adds its gradient to that of the discrepancy, times its weight, as joint', () => {
    const none = moved(slow);
    const by = (weight: number) =>
      moved({ ...slow, fineTuning: { kind: 'joint', weight } }).map((v, i) => v - none[i]!);
    const [one, three] = [by(1), by(3)];
    expect(Math.hypot(...one)).toBeGreaterThan(1e-5);
    const off = three.map((value, index) => value - 3 * one[index]!);
    expect(Math.hypot(...off)).toBeLessThan(0.01 * Math.hypot(...three));
  });

  it("takes a step of its own by the images' optimiser, at the same rate, as step", () => {
    const options = {
      fineTuning: { kind: 'step', weight: 1 },
      schedule: { kind: 'cosine' },
    } as const;
    using owner = condenser({ ...options, iterations: 4 });
    const rates = run(owner, 3).map(({ learningRate }) => learningRate / 0.03);
    expect(rates[2]).toBeCloseTo(0.5, 9);
    const { optimizer, schedule } = owner.getState().imagesPlayer;
    expect([optimizer.step, schedule.step]).toEqual([6, 3]);
  });

  it('moves the images from where the discrepancy has moved them, as step', () => {
    const options = {
      optimizer: { kind: 'sgd', learningRate: 0.05 },
      discrepancyWeight: 30,
    } as const;
    using matched = condenser(options);
    matched.step();
    const images = matched.synthetic.images;
    // A game that stands still from there sees the loss, and joint fine-tuning alone takes the step.
    const only = { ...options, discrepancyWeight: 0 };
    using tuned = condenser({ ...only, fineTuning: { kind: 'joint', weight: 2 } });
    tuned.synthetic.images.setRequiresGrad(false).copy_(images.detach());
    tuned.synthetic.images.setRequiresGrad(true);
    using own = condenser({ ...options, fineTuning: { kind: 'step', weight: 2 } });
    expect(own.step().fineTuneLoss).toBeCloseTo(tuned.step().fineTuneLoss!, 6);
    const [found, expected] = [own, tuned].map((game) => numbers(game.synthetic.images));
    const off = found!.map((value, index) => value - expected![index]!);
    expect(Math.max(...off.map(Math.abs))).toBeLessThan(1e-6);
  });
});

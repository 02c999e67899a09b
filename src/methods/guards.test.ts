import { describe, expect, it } from 'vitest';
import { FailureError } from '../core/index.js';
import { SyntheticImages } from '../distill/index.js';
import type { Tensor } from '../tensor/index.js';
import { RandomGenerator, tensor } from '../tensor/testing/on-device.js';
import { isGuessing } from '../train/test-network.js';
import { DistillGuards } from './guards.js';
import type { StepReport } from './method.js';

const usual: StepReport = { loss: 1, terms: {}, learningRate: 0.1 };

/** Two classes of two 4×4 images, random unless given. */
function synthetic(images: Tensor = new RandomGenerator(1).uniformTensor([4, 1, 4, 4])) {
  return new SyntheticImages(images, 2, { mode: 'single', factor: 1 });
}

/** Guards that look at the images at every iteration, and what they tell. */
function guarded() {
  const told: string[] = [];
  const guards = new DistillGuards({
    classNames: ['cat', 'dog'],
    loss: 'discrepancy',
    every: 1,
    onEvent: (event) => {
      if (event.type === 'warning') told.push(event.message);
    },
  });
  return { guards, told };
}

describe('the guards of a distillation', () => {
  it('say nothing of one that goes as it should', () => {
    const { guards, told } = guarded();
    using images = synthetic();
    for (let iteration = 1; iteration <= 200; iteration++) {
      images.images.detach().mul_(0.999);
      const noise = 0.3 * Math.sin(iteration * 12.9);
      const loss = 1 / (1 + iteration / 50) + noise * 0.2;
      guards.afterStep({ ...usual, loss }, { iteration: iteration, synthetic: images });
    }
    guards.finish();
    expect(told).toEqual([]);
  });

  it('tell once of a loss that rises far above its least', () => {
    const { guards, told } = guarded();
    using images = synthetic();
    for (let iteration = 1; iteration <= 100; iteration++) {
      images.images.detach().mul_(0.999);
      guards.afterStep({ ...usual, loss: iteration }, { iteration: iteration, synthetic: images });
    }
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/the discrepancy rises: .* after 1\.00; try a smaller learning rate/);
  });

  it('tell once of what the method itself warns of', () => {
    const { guards, told } = guarded();
    using images = synthetic();
    const warnings = [{ kind: 'collapsed', message: 'it has collapsed' }];
    for (const iteration of [7, 8])
      guards.afterStep({ ...usual, warnings }, { iteration: iteration, synthetic: images });
    expect(told.filter((message) => message === 'it has collapsed')).toHaveLength(1);
  });

  it('tell of an image in which nothing is to be seen, and of one that is saturated', () => {
    const { guards, told } = guarded();
    const pixels = Array.from({ length: 64 }, (_, index) => {
      if (index < 32) return 0.3 + 0.01 * (index % 2);
      return index % 2;
    });
    using images = synthetic(tensor(pixels, [4, 1, 4, 4]));
    guards.afterStep(usual, { iteration: 3, synthetic: images });
    expect(told[0]).toMatch(/nothing is to be seen in an image of class 'cat' at iteration 3/);
    expect(told[1]).toMatch(/an image of class 'dog' has 100 % of its pixels at 0 or 1/);
  });

  it('tell of a class that stays as it is while others move', () => {
    const { guards, told } = guarded();
    using images = synthetic();
    guards.afterStep(usual, { iteration: 1, synthetic: images });
    images.images.detach().narrow(0, 0, 2).mul_(0.9);
    guards.afterStep(usual, { iteration: 2, synthetic: images });
    expect(told).toEqual([expect.stringMatching(/class 'dog' have not moved for 1 iterations/)]);
  });

  it('count iterations that were left out, and end a run in which all are', () => {
    const { guards, told } = guarded();
    using images = synthetic();
    const skipped = { ...usual, loss: Number.NaN, skipped: true } as const;
    for (let iteration = 1; iteration <= 99; iteration++)
      guards.afterStep(skipped, { iteration: iteration, synthetic: images });
    guards.afterStep(usual, { iteration: 100, synthetic: images });
    for (let iteration = 101; iteration <= 199; iteration++)
      guards.afterStep(skipped, { iteration: iteration, synthetic: images });
    expect(() => guards.afterStep(skipped, { iteration: 200, synthetic: images })).toThrow(
      FailureError,
    );
    guards.finish();
    expect(told).toEqual([
      expect.stringMatching(/^iteration 1 was left out/),
      '199 iterations were left out',
    ]);
  });
});

describe('an accuracy', () => {
  // Of 10,000 guesses among ten classes 10 ± 0.9 % are right, three standard deviations wide.
  it.each([
    [10, 10, 10_000, true],
    [10.8, 10, 10_000, true],
    [11, 10, 10_000, false],
    [11, 10, 100, true],
    [60, 2, 10_000, false],
    [1.2, 100, 10_000, true],
  ])('of %f %% among %i classes on %i images: guessing is %s', (accuracy, classes, images, is) => {
    expect(isGuessing(accuracy, classes, images)).toBe(is);
  });
});

import { expect, it } from 'vitest';
import { officialTraining } from '../augment/index.js';
import { keepResident } from '../data/index.js';
import { fewDigits } from '../distill/testing/digits.js';
import { buildModel } from '../models/index.js';
import { standInDevice, synchronizingCalls } from '../tensor/index.js';
import { describeOnStandIn, RandomGenerator } from '../tensor/testing/on-device.js';
import { datasetSource, Training } from './train.js';

const digits = await fewDigits(3, 24);
const readEvery = 4;

describeOnStandIn('steps of a training that are not waited for', () => {
  it.each([0, 1])('have the host wait once in so many (CutMix in %d of them)', (cutMix) => {
    using _pixels = keepResident(digits, standInDevice);
    const random = new RandomGenerator(3, standInDevice);
    using model = buildModel({ name: 'convnet', depth: 2, width: 4 }, digits.shape, 3, random);
    using training = new Training({
      model,
      source: datasetSource(digits, standInDevice),
      steps: 20,
      options: {
        batchSize: 12,
        optimizer: { kind: 'adamw', learningRate: 5e-3 },
        schedule: { kind: 'cosine' },
        augmentation: officialTraining,
        cutMix,
      },
      random,
      readEvery,
    });
    const take = (steps: number): number => {
      const before = synchronizingCalls();
      for (let step = 0; step < steps; step++) training.step();
      return synchronizingCalls() - before;
    };
    take(readEvery);
    expect(take(readEvery - 1)).toBe(0);
    expect(take(1)).toBe(1);
    expect(take(2 * readEvery)).toBe(2);
  });
});

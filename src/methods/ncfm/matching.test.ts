import { beforeAll, describe, expect, it } from 'vitest';
import { defaultSiamese } from '../../augment/index.js';
import { ClassSampler, type Dataset, pixelsToTensor } from '../../data/index.js';
import { matchedFeatures } from '../../distill/matched-features.js';
import { fewDigits, watched } from '../../distill/testing/digits.js';
import { buildModel } from '../../models/index.js';
import { grad } from '../../tensor/index.js';
import { expectNear, numbers } from '../../tensor/testing/compare.js';
import { expectGradient } from '../../tensor/testing/finite-differences.js';
import { RandomGenerator, tensor, testDevice } from '../../tensor/testing/on-device.js';
import { ExtractorPool } from '../../train/index.js';
import { characteristicFunction } from './characteristic.js';
import { discrepancy } from './discrepancy.js';
import { gaussianFrequencies } from './frequencies.js';
import { drawRealBatch, matchingLoss } from './matching.js';

const random = new RandomGenerator(1);

describe('matchingLoss', () => {
  // Two classes of six clusters; four real and one synthetic image for each cluster.
  const real = random.normal([48, 5], 'float64');
  const synthetic = random.normal([12, 5], 'float64');
  const t = random.normal([9, 5], 'float64');
  const base = { partitions: 12, classes: 2, alpha: 0.4 };

  it('is the discrepancy of each class for plain matching', () => {
    const loss = matchingLoss(real, synthetic, [t], { ...base, partitions: 2, groupings: [1] });
    const [x, s] = [real, synthetic].map((features) => characteristicFunction(features, t, 2));
    expect(loss.shape).toEqual([2]);
    expectNear(loss, discrepancy(x!, s!, { alpha: 0.4 }), 1e-14);
  });

  it('adds the mean discrepancy over the groups of every grouping', () => {
    const groupings = [1, 3, 6];
    const loss = matchingLoss(real, synthetic, [t], { ...base, groupings });
    const expected = [0, 1].map((label) =>
      groupings.reduce((sum, groups) => {
        const [x, s] = [real.narrow(0, 24 * label, 24), synthetic.narrow(0, 6 * label, 6)].map(
          (features) => characteristicFunction(features, t, groups),
        );
        return sum + discrepancy(x!, s!, { alpha: 0.4 }).mean().item();
      }, 0),
    );
    expectNear(loss, tensor(expected, [2], 'float64'), 1e-12);
  });

  it.each([[[1]], [[1, 2, 6]]])('has the gradients of its values for groupings %o', (groupings) => {
    expectGradient(
      (x, s, frequencies) => matchingLoss(x, s, [frequencies], { ...base, groupings }),
      [real, synthetic, t],
      { tolerance: 1e-6 },
    );
  });

  it('is the squared distance of the means of features where there are no frequencies', () => {
    const loss = matchingLoss(real, synthetic, [], { ...base, groupings: [1, 3] });
    const expected = [0, 1].map((label) =>
      [1, 3].reduce((sum, groups) => {
        const [x, s] = [real.narrow(0, 24 * label, 24), synthetic.narrow(0, 6 * label, 6)].map(
          (features) => features.reshape([groups, features.size(0) / groups, 5]).mean([1]),
        );
        return sum + x!.sub(s!).square().sum([1]).mean().item();
      }, 0),
    );
    expectNear(loss, tensor(expected, [2], 'float64'), 1e-12);
    expectGradient(
      (x, s) => matchingLoss(x, s, [], { ...base, groupings: [1, 3] }),
      [real, synthetic],
    );
  });

  it('keeps the classes apart', () => {
    const s = synthetic.clone().setRequiresGrad(true);
    const loss = matchingLoss(real, s, [t], { ...base, groupings: [1, 6] });
    const byImage = numbers(
      grad([loss.narrow(0, 1, 1).sum()], [s])[0]!
        .abs()
        .sum([1]),
    );
    expect(byImage.slice(0, 6)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(Math.min(...byImage.slice(6))).toBeGreaterThan(0);
  });
});

describe('drawRealBatch', () => {
  let digits: Dataset;
  beforeAll(async () => {
    digits = await fewDigits(3, 15);
  });

  function context(dataset: Dataset) {
    const build = (seed: number) =>
      buildModel(
        { name: 'convnet', depth: 2, width: 4 },
        digits.shape,
        3,
        new RandomGenerator(seed),
      );
    const draws = new RandomGenerator(7);
    return {
      dataset,
      pool: new ExtractorPool([{ initial: build(1).state(), trained: build(2).state() }]),
      extractors: { kind: 'blend' } as const,
      extractor: build(3).setRequiresGrad(false),
      sampler: ClassSampler.forClasses(digits.labels, 3, draws),
      realPerGroup: 5,
      augmentation: defaultSiamese,
      random: draws,
    };
  }

  it('reads fresh images class by class', () => {
    const { dataset, reads } = watched(digits);
    const drawn = context(dataset);
    for (let draw = 0; draw < 3; draw++) drawRealBatch(drawn, 0).features.dispose();
    for (const indices of reads) {
      expect(indices.map((index) => digits.labels[index])).toEqual(
        [0, 1, 2].flatMap((label) => new Array(5).fill(label)),
      );
    }
    // Three batches of five are all fifteen images of a class, each once.
    expect(new Set(reads.flat()).size).toBe(45);
  });

  it('gives normalised features without gradients, the same for synthetic images equal to the real ones', () => {
    const { dataset, reads } = watched(digits);
    const drawn = context(dataset);
    const realBatch = drawRealBatch(drawn, 0);
    expect(realBatch.features.requiresGrad).toBe(false);
    expectNear(realBatch.features.square().sum([1]), tensor(new Array(15).fill(1)), 1e-5);
    const images = pixelsToTensor(
      digits.read(reads[0]!),
      15,
      digits.shape,
      testDevice,
    ).setRequiresGrad(true);
    const same = matchedFeatures(images, { ...drawn, unit: true }, realBatch.augmentation);
    expectNear(same, realBatch.features, 1e-6);
    const t = gaussianFrequencies(16, same.size(1), realBatch.automaticScale, random);
    const loss = matchingLoss(realBatch.features, same, [t], {
      partitions: 3,
      classes: 3,
      groupings: [1],
      alpha: 0.5,
    });
    expect(Math.max(...numbers(loss))).toBeLessThan(1e-4);
    const [gradient] = grad([loss.sum()], [images]);
    expect(numbers(gradient!).every(Number.isFinite)).toBe(true);
  });

  it('draws another network state and augmentation each time', () => {
    const drawn = context(digits);
    const [one, other] = [drawRealBatch(drawn, 0), drawRealBatch(drawn, 0)];
    expect(one.choice).not.toEqual(other.choice);
    expect(one.augmentation).not.toEqual(other.augmentation);
    expect(one.automaticScale.item()).toBeGreaterThan(0);
  });
});

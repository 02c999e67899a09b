import { describe, expect, it } from 'vitest';
import { type Dataset, pixelsToTensor, subset } from '../../data/index.js';
import { liveTensors, scope } from '../../tensor/index.js';
import { RandomGenerator, testDevice } from '../../tensor/testing/on-device.js';
import { normalizeFeatures } from '../../train/features.js';
import { fewDigits } from '../testing/digits.js';
import {
  type FeaturesOf,
  forgettingSelector,
  herdingSelector,
  type ImageSelector,
  kCentreSelector,
  randomSelector,
  selectImages,
} from './select.js';

/** The pixels of an image as its features. */
const pixelsOf =
  (dataset: Dataset): FeaturesOf =>
  async (indices) =>
    scope(() =>
      normalizeFeatures(
        pixelsToTensor(dataset.read(indices), indices.length, dataset.shape, testDevice).reshape([
          indices.length,
          64,
        ]),
      ),
    );

const scoresOf = ({ labels }: Dataset): Float64Array =>
  Float64Array.from(labels, (label, index) => ((index + label) * 7) % 13);

const selectors: readonly [string, (dataset: Dataset, seed: number) => ImageSelector][] = [
  ['random', (_, seed) => randomSelector(new RandomGenerator(seed))],
  ['herding', (dataset) => herdingSelector(pixelsOf(dataset))],
  ['k-centre', (dataset) => kCentreSelector(pixelsOf(dataset))],
  [
    'forgetting',
    (dataset, seed) => forgettingSelector(scoresOf(dataset), new RandomGenerator(seed)),
  ],
];

describe.each(selectors)('the selector %s', (_, selectorOf) => {
  it('chooses different images of every class, class by class, the same for the same seed', async () => {
    const dataset = await fewDigits(3, 20);
    const before = liveTensors();
    const { indices } = await selectImages(dataset, 5, selectorOf(dataset, 1));
    expect(Array.from(indices, (index) => dataset.labels[index])).toEqual(
      [0, 1, 2].flatMap((label) => Array<number>(5).fill(label)),
    );
    expect(new Set(indices).size).toBe(15);
    const again = await selectImages(dataset, 5, selectorOf(dataset, 1));
    expect(again.indices).toEqual(indices);
    expect(liveTensors()).toBe(before);
  });

  it('gives all images when as many are asked for, and refuses to choose more', async () => {
    const dataset = await fewDigits(2, 6);
    const { indices } = await selectImages(dataset, 6, selectorOf(dataset, 1));
    expect(Array.from(indices).toSorted((a, b) => a - b)).toEqual([...Array(12).keys()]);
    await expect(selectImages(dataset, 7, selectorOf(dataset, 1))).rejects.toThrow(
      "few digits has 6 images of class '0', 7 are to be chosen",
    );
  });
});

describe.each([
  ['herding', herdingSelector],
  ['k-centre', kCentreSelector],
])('the selector %s', (_, selectorOf) => {
  it('chooses the same images whatever their order in the dataset', async () => {
    const dataset = await fewDigits(3, 20);
    const order = new RandomGenerator(3).permutation(60);
    const shuffled = subset(dataset, order, 'train');
    const { indices: chosen } = await selectImages(dataset, 4, selectorOf(pixelsOf(dataset)));
    const { indices: again } = await selectImages(shuffled, 4, selectorOf(pixelsOf(shuffled)));
    expect(again.map((position) => order[position]!)).toEqual(chosen);
  });
});

describe('the loss of a choice', () => {
  it('at random is the share of a class that is left out', async () => {
    const dataset = await fewDigits(2, 8);
    const { loss } = await selectImages(dataset, 2, randomSelector(new RandomGenerator(1)));
    expect(loss).toBe(0.75);
  });

  it('by forgetting is the share of the chosen that was never forgotten', async () => {
    const dataset = await fewDigits(2, 3);
    const scores = [0, 2, 1, 0, 0, Number.POSITIVE_INFINITY];
    const select = forgettingSelector(scores, new RandomGenerator(1));
    const { loss } = await selectImages(dataset, 2, select);
    expect(loss).toBe((0 + 1 / 2) / 2);
  });
});

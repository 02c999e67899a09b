import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { describeDataset } from '../testing/dataset-suite.js';
import { seededPermutations } from '../testing/seeded-permutations.js';
import { arrayDataset } from './array-dataset.js';
import { type Dataset, indicesByClass } from './dataset.js';
import { splitDataset, subset } from './subset.js';

/** One pixel per image, holding the image's number; the last class comes first. */
function numbered(...sizes: number[]): Dataset {
  const labels = sizes.flatMap((size, label) => Array<number>(size).fill(label)).reverse();
  return arrayDataset({
    name: 'numbered',
    split: 'train',
    shape: { channels: 1, height: 1, width: 1 },
    pixels: Uint8Array.from(labels, (_, index) => index),
    labels,
  });
}

const all = (dataset: Dataset) => Array.from(dataset.read([...dataset.labels.keys()]));

describeDataset(
  'splitDataset',
  async () => {
    const random = seededPermutations(1);
    const { train, validation } = splitDataset(numbered(20, 10), { fraction: 0.3, random });
    return { train, test: subset(validation, [...validation.labels.keys()], 'test') };
  },
  { name: 'numbered', shape: [1, 1, 1], classes: 2, trainImages: 21, testImages: 9 },
);

describe('subset', () => {
  const parent = numbered(3, 2);

  it('shows the chosen images, in the order given', () => {
    const part = subset(parent, [4, 0, 2], 'part');
    expect(part.split).toBe('part');
    expect(all(part)).toEqual([4, 0, 2]);
    expect(Array.from(part.labels)).toEqual([0, 1, 0]);
    expect(part.normalization).toBe(parent.normalization);
  });

  it('nests', () => {
    expect(all(subset(subset(parent, [4, 3, 1], 'outer'), [2, 0], 'inner'))).toEqual([1, 4]);
  });

  it("may leave a class out, keeping the others' numbers", () => {
    const part = subset(parent, [2, 3], 'zeros');
    expect(Array.from(part.labels)).toEqual([0, 0]);
    expect(part.classNames).toEqual(['0', '1']);
  });

  it('hashes like a dataset of the same images, over any number of chunks', () => {
    const large = numbered(2000, 500);
    const copy = subset(large, [...large.labels.keys()], 'copy');
    expect(copy.hash).toBe(large.hash);
    expect(subset(large, copy.labels.map((_, index) => index).reverse(), 'back').hash).not.toBe(
      large.hash,
    );
  });

  it('refuses indices that do not exist, and an empty choice', () => {
    expect(() => subset(parent, [0, 5], 'part')).toThrow('image index 5 (at position 1)');
    expect(() => subset(parent, [], 'part')).toThrow("the subset 'part' is empty");
  });
});

describe('splitDataset', () => {
  it('puts every image on exactly one side, in the original order', () => {
    const { train, validation } = splitDataset(numbered(7, 5), {
      fraction: 0.4,
      random: seededPermutations(3),
    });
    const [kept, held] = [all(train), all(validation)];
    expect([...kept, ...held].sort((a, b) => a - b)).toEqual([...Array(12).keys()]);
    expect(kept).toEqual(kept.toSorted((a, b) => a - b));
    expect(held).toEqual(held.toSorted((a, b) => a - b));
    expect([train.split, validation.split]).toEqual(['train', 'validation']);
  });

  it('takes the same share of every class, and at least one image for either side', () => {
    const { train, validation } = splitDataset(numbered(100, 40, 2), {
      fraction: 0.1,
      random: seededPermutations(3),
    });
    const sizes = (part: Dataset) => indicesByClass(part.labels, 3).map((group) => group.length);
    expect(sizes(validation)).toEqual([10, 4, 1]);
    expect(sizes(train)).toEqual([90, 36, 1]);
  });

  it('is decided by the generator', () => {
    const held = (seed: number) =>
      all(
        splitDataset(numbered(50, 50), { fraction: 0.5, random: seededPermutations(seed) })
          .validation,
      );
    expect(held(1)).toEqual(held(1));
    expect(held(1)).not.toEqual(held(2));
  });

  it.each([0, 1, -0.1, Number.NaN])('refuses the fraction %s', (fraction) => {
    expect(() => splitDataset(numbered(5, 5), { fraction, random: seededPermutations(1) })).toThrow(
      UsageError,
    );
  });

  it('refuses a class that is too small to divide, naming it', () => {
    expect(() =>
      splitDataset(numbered(5, 1), { fraction: 0.5, random: seededPermutations(1) }),
    ).toThrow("class 1 ('1') has one image");
  });
});

import { describe, expect, it } from 'vitest';
import { loadDigits } from '../readers/digits.js';
import { describeDataset } from '../testing/dataset-suite.js';
import { arrayDataset } from './array-dataset.js';
import type { Dataset } from './dataset.js';
import { classSubset } from './subset.js';

/** One pixel per image, holding the image's number. */
function numbered(labels: readonly number[], classNames = ['zero', 'one', 'two']): Dataset {
  return arrayDataset({
    name: 'numbered',
    split: 'train',
    shape: { channels: 1, height: 1, width: 1 },
    pixels: Uint8Array.from(labels.keys()),
    labels,
    classNames,
  });
}

const all = (dataset: Dataset) => Array.from(dataset.read([...dataset.labels.keys()]));

describeDataset(
  'classSubset',
  async () => {
    const { train, test } = await loadDigits();
    return { train: classSubset(train, [7, 3]), test: classSubset(test, [7, 3]) };
  },
  { name: 'digits', shape: [1, 8, 8], classes: 2, trainImages: 241, testImages: 121 },
);

describe('classSubset', () => {
  const parent = numbered([2, 0, 1, 2, 1, 0]);

  it('numbers the classes in the order given and keeps the images in theirs', () => {
    const part = classSubset(parent, [2, 0]);
    expect(all(part)).toEqual([0, 1, 3, 5]);
    expect(Array.from(part.labels)).toEqual([0, 1, 0, 1]);
    expect(part.classNames).toEqual(['two', 'zero']);
    expect(part.normalization).toBe(parent.normalization);
    expect([part.name, part.split]).toEqual(['numbered', 'train']);
  });

  it('of all classes in their order is the parent', () => {
    const whole = classSubset(parent, [0, 1, 2]);
    expect(all(whole)).toEqual(all(parent));
    expect(whole.hash).toBe(parent.hash);
  });

  it('has a hash of its own, over its labels and its images', () => {
    const hashes = [[0], [1], [0, 1], [1, 0]].map((classes) => classSubset(parent, classes).hash);
    expect(new Set(hashes).size).toBe(4);
    // The images of other classes do not matter.
    const others = numbered([2, 0, 1, 1, 1, 0]);
    expect(classSubset(others, [0]).hash).toBe(hashes[0]);
  });

  it('nests', () => {
    const part = classSubset(classSubset(parent, [2, 0, 1]), [2, 0]);
    expect(part.classNames).toEqual(['one', 'two']);
    expect(all(part)).toEqual([0, 2, 3, 4]);
    expect(Array.from(part.labels)).toEqual([1, 0, 1, 0]);
  });

  it.each([
    [[], 'no class was chosen'],
    [[0, 3], 'class 3 (at position 1) does not exist; expected a whole number from 0 to 2'],
    [[0.5], 'class 0.5 (at position 0) does not exist'],
    [[1, 0, 1], 'class 1 is given twice (at position 2)'],
  ])('refuses the classes %j', (classes, message) => {
    expect(() => classSubset(parent, classes)).toThrow(message);
  });
});

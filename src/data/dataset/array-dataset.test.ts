import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { describeDataset } from '../testing/dataset-suite.js';
import { type ArrayDatasetOptions, arrayDataset } from './array-dataset.js';

const shape = { channels: 2, height: 1, width: 2 };
const valid: ArrayDatasetOptions = {
  name: 'tiny',
  split: 'train',
  shape,
  pixels: Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7),
  labels: [1, 0],
};
const floats = (...values: number[]) => Float32Array.from(values);

function problem(change: Partial<ArrayDatasetOptions>): string {
  try {
    arrayDataset({ ...valid, ...change });
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  throw new Error('expected the arrays to be refused');
}

describeDataset(
  'arrayDataset of bytes',
  async () => ({
    train: arrayDataset(valid),
    test: arrayDataset({
      ...valid,
      split: 'test',
      pixels: Uint8Array.of(9, 1, 2, 3, 4, 5, 6, 7),
      normalization: arrayDataset(valid).normalization,
    }),
  }),
  { name: 'tiny', shape: [2, 1, 2], classes: 2, trainImages: 2, testImages: 2 },
);

describeDataset(
  'arrayDataset of floats',
  async () => {
    const normalization = { mean: [0.4, 0.6], std: [0.2, 0.2] };
    const train = floats(0, 0.25, 0.5, 0.75, 1, 1, 0.5, 0);
    const test = floats(0, 0, 1, 1, 0.5, 0.5, 0, 0);
    return {
      train: arrayDataset({ ...valid, pixels: train, normalization }),
      test: arrayDataset({ ...valid, split: 'test', pixels: test, normalization }),
    };
  },
  { name: 'tiny', shape: [2, 1, 2], classes: 2, trainImages: 2, testImages: 2 },
);

describe('arrayDataset', () => {
  it('names the classes by number and computes the normalisation, unless told otherwise', () => {
    const dataset = arrayDataset(valid);
    expect(dataset.classNames).toEqual(['0', '1']);
    expect(dataset.normalization.mean[0]).toBeCloseTo((0 + 1 + 4 + 5) / 4 / 255, 12);

    const normalization = { mean: [0.1, 0.2], std: [0.3, 0.4] };
    const told = arrayDataset({ ...valid, classNames: ['cat', 'dog'], normalization });
    expect(told.classNames).toEqual(['cat', 'dog']);
    expect(told.normalization).toEqual(normalization);
  });

  it('keeps its own labels', () => {
    const labels = [1, 0];
    const dataset = arrayDataset({ ...valid, labels });
    labels.reverse();
    expect(Array.from(dataset.labels)).toEqual([1, 0]);
  });

  it('refuses pixels and labels that disagree in number, naming both', () => {
    expect(problem({ labels: [0, 1, 1] })).toContain(
      'tiny train: 8 pixel values do not match 3 labels; expected 12 values (3 images of 2×1×2)',
    );
    expect(problem({ labels: [], pixels: new Uint8Array(0) })).toContain('there are no labels');
  });

  it.each([-1, 0.5, Number.NaN, 2, 1e9])('refuses label %s, naming its index', (label) => {
    expect(problem({ labels: [0, label], classNames: ['a', 'b'] })).toContain(
      `label 1 is ${label}; expected a whole number from 0 to 1`,
    );
  });

  it('refuses a huge label without names too, instead of making up that many classes', () => {
    expect(problem({ labels: [0, 2 ** 31] })).toContain('label 1 is 2147483648');
  });

  it('refuses a class without images, naming it', () => {
    expect(problem({ classNames: ['cat', 'dog', 'newt'] })).toContain(
      "class 2 ('newt') has no images",
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -0.5, 1.5])(
    'refuses float pixel %s, naming its place',
    (value) => {
      expect(problem({ pixels: floats(0, 0, 0, 0, 0, 0, 0, value) })).toContain(
        `image 1, channel 1, row 0, column 1 is ${value}; expected a finite number in [0, 1]`,
      );
    },
  );

  it('refuses a shape that is not made of positive whole numbers', () => {
    expect(problem({ shape: { ...shape, height: 0 } })).toContain('shape.height is 0');
    expect(problem({ shape: { ...shape, width: 1.5 } })).toContain('shape.width is 1.5');
  });

  it('refuses a normalisation that does not fit the channels or cannot be divided by', () => {
    expect(problem({ normalization: { mean: [0], std: [1, 1] } })).toContain(
      '1 means and 2 standard deviations; expected one of each per channel (2)',
    );
    expect(problem({ normalization: { mean: [0, 0], std: [1, 0] } })).toContain(
      'a standard deviation of 0; expected a number above 0',
    );
    expect(problem({ normalization: { mean: [0, Number.NaN], std: [1, 1] } })).toContain(
      'a mean of NaN',
    );
  });

  it('names the files that the arrays came from', () => {
    const source = { pixels: 'pictures.idx', labels: 'labels.idx' };
    expect(problem({ source, labels: [0, 5], classNames: ['a', 'b'] })).toMatch(/^labels\.idx: /);
    expect(problem({ source, labels: [0] })).toMatch(/^pictures\.idx: /);
  });
});

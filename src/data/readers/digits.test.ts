import { expect, it } from 'vitest';
import { indicesByClass } from '../dataset/dataset.js';
import { describeDataset } from '../testing/dataset-suite.js';
import { loadDigits } from './digits.js';

describeDataset('The built-in digits', loadDigits, {
  name: 'digits',
  shape: [1, 8, 8],
  classes: 10,
  trainImages: 1195,
  testImages: 602,
});

it('divides every digit two to one', async () => {
  const { train, test } = await loadDigits();
  const sizes = (labels: Int32Array) => indicesByClass(labels, 10).map((group) => group.length);
  // What scikit-learn's copy holds of each digit.
  const whole = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180];
  expect(sizes(train.labels)).toEqual(whole.map((size) => Math.floor((size * 2) / 3)));
  expect(sizes(test.labels)).toEqual(whole.map((size) => size - Math.floor((size * 2) / 3)));
});

it("has the source's pixels, scaled from 0..16 to 0..255", async () => {
  const { train } = await loadDigits();
  // The first image of the source is a zero; its first two rows.
  const source = [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0];
  expect(train.labels[0]).toBe(0);
  expect(Array.from(train.read([0]).subarray(0, 16))).toEqual(
    source.map((value) => Math.round((value * 255) / 16)),
  );
});

import { expect } from 'vitest';
import { type DType, liveTensors, scope, type Tensor } from '../../tensor/index.js';
import { numbers } from '../../tensor/testing/compare.js';
import { RandomGenerator } from '../../tensor/testing/on-device.js';

/** Reads or gives one value of a batch of images by its position. */
export type Pixel = (image: number, channel: number, row: number, column: number) => number;

/** Image batches that tests run on: odd and unequal sides, grey and colour. */
export const batchShapes: readonly (readonly [number, number, number, number])[] = [
  [6, 3, 7, 9],
  [6, 1, 9, 7],
  [6, 3, 8, 8],
];

/** Images with standard normal values; the same for the same seed. */
export function normalImages(shape: readonly number[], dtype: DType = 'float64', seed = 1): Tensor {
  return new RandomGenerator(seed).normal(shape, dtype);
}

/** A reader of single values of [n, c, h, w]; zero outside the image. */
export function reader(x: Tensor): Pixel {
  const [, channels, height, width] = x.shape as [number, number, number, number];
  const values = numbers(x);
  return (image, channel, row, column) => {
    if (row < 0 || row >= height || column < 0 || column >= width) return 0;
    return values[((image * channels + channel) * height + row) * width + column]!;
  };
}

/** Checks every value of [n, c, h, w] against a function of its position. */
export function expectPixels(x: Tensor, expected: Pixel, digits = 12): void {
  const [images, channels, height, width] = x.shape as [number, number, number, number];
  const actual = reader(x);
  let largest = 0;
  for (let image = 0; image < images; image++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++) {
          const position = [image, channel, row, column] as const;
          largest = Math.max(largest, Math.abs(actual(...position) - expected(...position)));
        }
      }
    }
  }
  expect(largest).toBeCloseTo(0, digits);
}

/** Runs `body` in a scope and checks that it leaves no tensor behind. */
export function withoutLeaks(body: () => void): void {
  const before = liveTensors();
  scope(body);
  expect(liveTensors()).toBe(before);
}

/** Checks that `make` creates one tensor that outlives it and none besides. */
export function expectOneNewTensor(make: () => Tensor): void {
  const before = liveTensors();
  const result = make();
  expect(liveTensors()).toBe(before + 1);
  result.dispose();
  expect(liveTensors()).toBe(before);
}

/** Checks that thousands of draws lie in [low, high] and come within 2 % of its width to both ends. */
export function expectFills(values: readonly number[], low: number, high: number): void {
  const sorted = values.toSorted((a, b) => a - b);
  const [smallest, largest] = [sorted[0]!, sorted.at(-1)!];
  const slack = (high - low) / 50;
  const rounding = 1e-12;
  expect(smallest).toBeGreaterThanOrEqual(low - rounding);
  expect(smallest).toBeLessThan(low + slack);
  expect(largest).toBeLessThanOrEqual(high + rounding);
  expect(largest).toBeGreaterThan(high - slack);
}

import { beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import {
  type Dataset,
  type DatasetPair,
  indicesByClass,
  pixelsPerImage,
} from '../dataset/dataset.js';

/** What is known about a dataset before it is read. */
export interface DatasetExpectations {
  readonly name: string;
  readonly shape: readonly [channels: number, height: number, width: number];
  readonly classes: number;
  readonly trainImages: number;
  readonly testImages: number;
}

/** What every reader's result must be like, whatever its format. */
export function describeDataset(
  title: string,
  load: () => Promise<DatasetPair>,
  expected: DatasetExpectations,
): void {
  describe(`${title}, as a dataset`, () => {
    let pair: DatasetPair;
    beforeAll(async () => {
      pair = await load();
    });

    it('has the expected parts, size and classes', () => {
      const [channels, height, width] = expected.shape;
      for (const dataset of [pair.train, pair.test]) {
        expect(dataset.name).toBe(expected.name);
        expect(dataset.shape).toEqual({ channels, height, width });
        expect(dataset.classNames).toHaveLength(expected.classes);
        expect(new Set(dataset.classNames).size).toBe(expected.classes);
      }
      expect([pair.train.split, pair.test.split]).toEqual(['train', 'test']);
      expect(pair.train.labels).toHaveLength(expected.trainImages);
      expect(pair.test.labels).toHaveLength(expected.testImages);
    });

    it('normalises both parts alike, with one usable mean and deviation per channel', () => {
      const { mean, std } = pair.train.normalization;
      expect(pair.test.normalization).toEqual({ mean, std });
      expect([mean.length, std.length]).toEqual([expected.shape[0], expected.shape[0]]);
      for (const value of mean) expect(value).toBeGreaterThan(0);
      for (const value of mean) expect(value).toBeLessThan(1);
      for (const value of std) expect(value).toBeGreaterThan(0);
      for (const value of std) expect(value).toBeLessThanOrEqual(1);
    });

    it('hashes stably, and differently for different images', async () => {
      const again = await load();
      expect(pair.train.hash).toMatch(/^[0-9a-f]{64}$/);
      expect(again.train.hash).toBe(pair.train.hash);
      expect(again.test.hash).toBe(pair.test.hash);
      expect(pair.train.hash).not.toBe(pair.test.hash);
    });

    describe.each(['train', 'test'] as const)('its %s part', (part) => {
      it('has images of every class', () => {
        const groups = indicesByClass(pair[part].labels, expected.classes);
        expect(groups.every((members) => members.length > 0)).toBe(true);
        expect(groups.reduce((sum, members) => sum + members.length, 0)).toBe(
          pair[part].labels.length,
        );
      });

      it('reads images in the order asked for, with repeats', () => {
        checkReadingOrder(pair[part]);
      });

      it('gives a copy that may be changed', () => {
        const before = pair[part].read([0]);
        pair[part].read([0]).fill(1);
        expect(pair[part].read([0])).toEqual(before);
      });

      it('reads nothing when asked for nothing', () => {
        expect(pair[part].read([])).toHaveLength(0);
      });

      it.each([-1, 0.5, Number.NaN])('refuses image index %s', (index) => {
        expect(() => pair[part].read([0, index])).toThrow(UsageError);
      });

      it('refuses an index past the last image', () => {
        const count = pair[part].labels.length;
        expect(pair[part].read([count - 1])).toHaveLength(pixelsPerImage(pair[part].shape));
        expect(() => pair[part].read([count])).toThrow(
          `image index ${count} (at position 0) does not exist; expected a whole number from 0 to ${count - 1}`,
        );
      });
    });
  });
}

function checkReadingOrder(dataset: Dataset): void {
  const last = dataset.labels.length - 1;
  const order = [last, 0, 1, last];
  const stride = pixelsPerImage(dataset.shape);
  const together = dataset.read(order);
  expect(together).toHaveLength(order.length * stride);
  order.forEach((index, row) => {
    expect(together.subarray(row * stride, (row + 1) * stride)).toEqual(dataset.read([index]));
  });
  expect(dataset.read([0])).not.toEqual(dataset.read([1]));
}

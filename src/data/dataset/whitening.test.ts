import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { liveTensors } from '../../tensor/index.js';
import { loadDigits } from '../reading.js';
import { arrayDataset } from './array-dataset.js';
import { type Dataset, pixelsPerImage } from './dataset.js';
import { subset } from './subset.js';
import { whitenedParts } from './whitening.js';

/** All images as networks see them: rows of normalised values. */
function seen(part: Dataset): number[][] {
  const { labels, shape, normalization } = part;
  const [values, plane] = [pixelsPerImage(shape), shape.height * shape.width];
  const pixels = part.read(Int32Array.from(labels.keys()));
  const scale = pixels instanceof Uint8Array ? 255 : 1;
  return Array.from(labels, (_, row) =>
    Array.from(pixels.subarray(row * values, (row + 1) * values), (value, at) => {
      const channel = Math.floor(at / plane);
      return (value / scale - normalization.mean[channel]!) / normalization.std[channel]!;
    }),
  );
}

function covariance(rows: readonly number[][]): number[][] {
  const columns = rows[0]!.map((_, column) => rows.map((row) => row[column]!));
  const centred = columns.map((column) => {
    const mean = column.reduce((sum, value) => sum + value, 0) / column.length;
    return column.map((value) => value - mean);
  });
  return centred.map((a) =>
    centred.map((b) => a.reduce((sum, value, row) => sum + value * b[row]!, 0) / (a.length - 1)),
  );
}

describe('ZCA whitening', () => {
  it('divides along each axis of the data by the root of its variance and a tenth', async () => {
    // Two values, which vary along (1, 1) by ±a and along (1, -1) by ±b, each sign as often.
    const [a, b] = [0.3, 0.1];
    const points = [-1, 1].flatMap((u) => [-1, 1].map((v) => [u * a + v * b, u * a - v * b]));
    const pixels = Float32Array.from(points.flat(), (value) => 0.5 + value / Math.SQRT2);
    const train = arrayDataset({
      ...{ name: 'points', split: 'train', pixels, labels: [0, 1, 0, 1] },
      shape: { channels: 1, height: 1, width: 2 },
    });
    const { train: whitened } = await whitenedParts({ train }, 'zca');
    const along = (variance: number): number => 1 / Math.sqrt(variance + 0.1);
    const [first, second] = [along((4 * a * a) / 3), along((4 * b * b) / 3)];
    const expected = [-1, 1].flatMap((u) =>
      [-1, 1].map((v) => [
        (u * a * first + v * b * second) / Math.SQRT2,
        (u * a * first - v * b * second) / Math.SQRT2,
      ]),
    );
    for (const [row, values] of seen(whitened).entries())
      for (const [at, value] of values.entries()) expect(value).toBeCloseTo(expected[row]![at]!, 5);
  });

  it('makes of the covariance Σ of training images Σ(Σ + 0.1)⁻¹', async () => {
    const { train } = await loadDigits();
    const scaled = covariance(
      [...train.labels.keys()].map((i) => Array.from(train.read([i]), (v) => v / 255)),
    );
    const whitened = covariance(seen((await whitenedParts({ train }, 'zca')).train));
    for (const [i, row] of whitened.entries()) {
      for (const j of row.keys()) {
        const product = row.reduce((sum, value, k) => sum + value * scaled[k]![j]!, 0);
        expect(product + 0.1 * row[j]!).toBeCloseTo(scaled[i]![j]!, 5);
      }
    }
  });

  it('treats test images by the statistics of the training images', async () => {
    const { train } = await loadDigits();
    const copy = subset(train, [5, 3], 'test');
    const before = liveTensors();
    const parts = await whitenedParts({ train, test: copy }, 'zca');
    expect(liveTensors()).toBe(before);
    const all = seen(parts.train);
    // A matrix product rounds by the number of its rows on some processors.
    for (const [index, image] of seen(parts.test).entries()) {
      for (const [at, value] of image.entries()) {
        expect(value).toBeCloseTo(all[[5, 3][index]!]![at]!, 5);
      }
    }
    expect(parts.test.labels).toEqual(copy.labels);
    expect(parts.train.normalization).toEqual(parts.test.normalization);
    const pixels = Array.from(parts.train.read(Int32Array.from(train.labels.keys())));
    expect([
      pixels.reduce((a, b) => Math.min(a, b)) >= 0,
      pixels.some((value) => value > 1),
    ]).toEqual([true, false]);
  });

  it('is another dataset, whose identity does not depend on rounding', async () => {
    const { train, test } = await loadDigits();
    const [one, same] = [
      await whitenedParts({ train, test }, 'zca'),
      await whitenedParts({ train, test }, 'zca'),
    ];
    expect(one.train.hash).toBe(same.train.hash);
    expect(new Set([train.hash, test.hash, one.train.hash, one.test.hash]).size).toBe(4);
    const fewer = subset(
      train,
      Int32Array.from({ length: 900 }, (_, i) => i),
      'train',
    );
    expect((await whitenedParts({ train: fewer, test }, 'zca')).test.hash).not.toBe(one.test.hash);
  });

  it('leaves images alone that are not to be whitened, and refuses large ones', async () => {
    const parts = { train: (await loadDigits()).train };
    expect(await whitenedParts(parts, 'none')).toBe(parts);
    const large = arrayDataset({
      ...{ name: 'large', split: 'train', pixels: new Uint8Array(3 * 64 * 64), labels: [0] },
      shape: { channels: 3, height: 64, width: 64 },
    });
    const refused = whitenedParts({ train: large }, 'zca');
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(/at most 4096 values.*3×64×64 = 12288/);
  });
});

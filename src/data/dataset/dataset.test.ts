import { describe, expect, it } from 'vitest';
import { computeNormalization, hashDataset, indicesByClass } from './dataset.js';

const shape = { channels: 2, height: 1, width: 2 };

describe('indicesByClass', () => {
  it('lists each class in ascending order, and nothing for a class without images', () => {
    expect(indicesByClass([2, 0, 2, 0, 0], 4)).toEqual(
      [[1, 3, 4], [], [0, 2], []].map((members) => Int32Array.from(members)),
    );
  });
});

describe('computeNormalization', () => {
  it('gives the mean and population deviation of each channel, in [0, 1] units', () => {
    const pixels = Float32Array.of(0, 0.5, 1, 1, 0.5, 1, 0, 0);
    const { mean, std } = computeNormalization(pixels, shape);
    expect(mean).toEqual([0.5, 0.5]);
    expect(std[0]).toBeCloseTo(Math.sqrt(0.125), 12);
    expect(std[1]).toBeCloseTo(0.5, 12);
  });

  it('gives the same for bytes as for the floats they stand for', () => {
    const bytes = Uint8Array.of(0, 51, 102, 153, 204, 255, 0, 51);
    const floats = Float32Array.from(bytes, (value) => value / 255);
    const [fromBytes, fromFloats] = [bytes, floats].map((pixels) =>
      computeNormalization(pixels, shape),
    );
    for (const channel of [0, 1]) {
      expect(fromBytes!.mean[channel]).toBeCloseTo(fromFloats!.mean[channel]!, 7);
      expect(fromBytes!.std[channel]).toBeCloseTo(fromFloats!.std[channel]!, 7);
    }
  });

  it('gives a constant channel a deviation of 1, so that dividing by it is safe', () => {
    const { mean, std } = computeNormalization(Uint8Array.of(0, 0, 0, 255), shape);
    expect(mean).toEqual([0, 0.5]);
    expect(std).toEqual([1, 0.5]);
  });
});

describe('hashDataset', () => {
  const labels = Int32Array.of(0, 1);
  const pixels = Uint8Array.of(1, 0, 1, 1, 0, 0, 1, 0);
  const reference = hashDataset(shape, labels, pixels);

  it('does not depend on how the pixels are cut into chunks', () => {
    const chunks = [pixels.subarray(0, 4), pixels.subarray(4)];
    expect(hashDataset(shape, labels, chunks)).toBe(reference);
  });

  it('hashes a view by its own part of the buffer', () => {
    const padded = Uint8Array.of(9, ...pixels, 9);
    expect(hashDataset(shape, labels, padded.subarray(1, 9))).toBe(reference);
  });

  it.each([
    ['shape', hashDataset({ ...shape, height: 2, width: 1 }, labels, pixels)],
    ['labels', hashDataset(shape, Int32Array.of(1, 0), pixels)],
    ['pixels', hashDataset(shape, labels, pixels.toReversed())],
    ['type of pixels', hashDataset(shape, labels, Float32Array.from(pixels))],
  ])('changes with the %s', (_, hash) => {
    expect(hash).not.toBe(reference);
  });
});

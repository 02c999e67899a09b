import { describe, expect, it } from 'vitest';
import { liveTensors, scope } from '../tensor/index.js';
import { numbers } from '../tensor/testing/compare.js';
import { RandomGenerator } from '../tensor/testing/on-device.js';
import { cutMix } from './cutmix.js';
import { batchShapes, expectPixels, normalImages, reader } from './testing/images.js';

describe('cutMix', () => {
  it('takes one rectangle, the same in every image, from the partner and the rest from the image', () => {
    for (const shape of batchShapes) {
      scope(() => {
        const [, , height, width] = shape;
        const images = normalImages(shape);
        const original = reader(images);
        for (let seed = 10; seed < 18; seed++) {
          const mixed = cutMix(images, { random: new RandomGenerator(seed) });
          const partner = numbers(mixed.partner);
          const stranger = partner.findIndex((source, n) => source !== n);
          expect(stranger).toBeGreaterThanOrEqual(0);
          const value = reader(mixed.images);
          const taken = (row: number, column: number): boolean =>
            value(stranger, 0, row, column) !== original(stranger, 0, row, column);
          expectPixels(mixed.images, (n, c, y, x) =>
            original(taken(y, x) ? partner[n]! : n, c, y, x),
          );

          const positions = Array.from({ length: height * width }, (_, pixel) => pixel)
            .map((pixel) => [Math.floor(pixel / width), pixel % width] as const)
            .filter(([row, column]) => taken(row, column));
          const side = (axis: 0 | 1): number => new Set(positions.map((at) => at[axis])).size;
          // Distinct rows times distinct columns, none missing: the pixels taken fill a rectangle.
          expect(positions.length).toBe(side(0) * side(1));
          expect(mixed.weight).toBeCloseTo(1 - positions.length / (height * width), 12);
        }
      });
    }
  });

  it('names the partners by a permutation of the images', () => {
    scope(() => {
      const { partner } = cutMix(normalImages([6, 3, 7, 9]), { random: new RandomGenerator(4) });
      expect([partner.dtype, partner.shape]).toEqual(['int64', [6]]);
      expect(numbers(partner).sort()).toEqual([0, 1, 2, 3, 4, 5]);
    });
  });

  it("covers every fraction of the image, on average as the paper's clipped rectangle does", () => {
    scope(() => {
      const images = normalImages([2, 1, 64, 64]);
      const random = new RandomGenerator(1);
      const weights = Array.from({ length: 2000 }, () =>
        scope(() => cutMix(images, { random }).weight),
      );
      for (const weight of weights) {
        expect(weight).toBeGreaterThanOrEqual(0);
        expect(weight).toBeLessThanOrEqual(1);
      }
      // A side s about a uniform centre keeps s − s²/4 after clipping; with s² uniform,
      // the mean of (s − s²/4)² is E[s²] − E[s³]/2 + E[s⁴]/16.
      const covered = 1 / 2 - 1 / 5 + 1 / 48;
      const average = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
      expect(Math.abs(average - (1 - covered))).toBeLessThan(0.02);
    });
  });

  it('depends on the generator alone, leaves the images as they are and records no gradient', () => {
    scope(() => {
      const images = normalImages([6, 3, 7, 9]).setRequiresGrad(true);
      const before = numbers(images);
      const mixed = (seed: number) => cutMix(images, { random: new RandomGenerator(seed) });
      const first = mixed(2);
      expect(numbers(mixed(2).images)).toEqual(numbers(first.images));
      expect(mixed(2).weight).toBe(first.weight);
      expect(numbers(mixed(3).images)).not.toEqual(numbers(first.images));
      expect(numbers(images)).toEqual(before);
      expect(first.images.requiresGrad).toBe(false);
    });
  });

  it('creates the two tensors it returns and none besides', () => {
    using images = normalImages([6, 3, 7, 9], 'float32');
    const before = liveTensors();
    const mixed = cutMix(images, { random: new RandomGenerator(1) });
    expect(mixed.images.dtype).toBe('float32');
    expect(liveTensors()).toBe(before + 2);
    mixed.images.dispose();
    mixed.partner.dispose();
  });
});

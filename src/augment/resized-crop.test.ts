import { describe, expect, it } from 'vitest';
import { RandomGenerator } from '../tensor/testing/on-device.js';
import type { Affine } from './affine.js';
import { drawResizedCrop, uniformsPerResizedCrop } from './resized-crop.js';
import { expectFills } from './testing/images.js';
import { drawUniforms } from './uniforms.js';

function crops(image: { height: number; width: number }, least: number, count = 4000): Affine[] {
  const random = new RandomGenerator(3);
  const next = drawUniforms(random, count * uniformsPerResizedCrop);
  return Array.from({ length: count }, () => drawResizedCrop(image, least, next));
}

describe('a resized crop', () => {
  const image = { height: 128, width: 128 };

  it('is of the areas and aspects asked for, whole pixels within the image, anywhere', () => {
    const drawn = crops(image, 0.25);
    for (const [width, , across, , height, down] of drawn) {
      for (const side of [width, height]) expect((side * 128) % 1).toBeCloseTo(0, 9);
      expect(Math.abs(across) + width).toBeLessThan(1 + 1e-9);
      expect(Math.abs(down) + height).toBeLessThan(1 + 1e-9);
    }
    expectFills(
      drawn.map(([width, , , , height]) => width * height),
      0.245,
      1,
    );
    const aspects = drawn.map(([width, , , , height]) => Math.log(width / height));
    expectFills(aspects, Math.log(0.74), Math.log(1.35));
    const places = drawn
      .filter(([width]) => width < 1)
      .map(([width, , across]) => across / (1 - width));
    expectFills(places, -1, 1);
    const middle = places.reduce((sum, place) => sum + place, 0) / places.length;
    expect(Math.abs(middle)).toBeLessThan(0.06);
  });

  it('is the middle of an image too long for any, as wide as an aspect of 4 to 3 allows', () => {
    const [width, , across, , height, down] = crops({ height: 8, width: 80 }, 1, 1)[0]!;
    expect([width * 80, height * 8]).toEqual([11, 8]);
    expect([across, down]).toEqual([0, 0]);
  });

  it('of the whole area of a square is the square', () => {
    const [whole] = crops({ height: 9, width: 9 }, 1, 1);
    expect(whole!.map((value) => value + 0)).toEqual([1, 0, 0, 0, 1, 0]);
  });
});

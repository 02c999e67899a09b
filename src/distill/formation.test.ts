import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/index.js';
import { upsampleBilinear } from '../tensor/index.js';
import { expectNear, numbers } from '../tensor/testing/compare.js';
import { expectGradient } from '../tensor/testing/finite-differences.js';
import { arange, RandomGenerator, tensor } from '../tensor/testing/on-device.js';
import { checkFormation, decode, decodedPerClass, type Formation, tileSize } from './formation.js';

const random = new RandomGenerator(1);
const formations: Formation[] = [
  { mode: 'single', factor: 1 },
  { mode: 'single', factor: 2 },
  { mode: 'single', factor: 3 },
  { mode: 'multi', factor: 2 },
  { mode: 'multi', factor: 3 },
  { mode: 'bound', factor: 2, budget: 4 },
  { mode: 'bound', factor: 3, budget: 11 },
  { mode: 'bound', factor: 2, budget: 1000 },
];

/** An image whose pixel values name the tile they are in, row by row. */
function labelledTiles(factor: number, side: number, offset: number): number[] {
  return Array.from({ length: (factor * side) ** 2 }, (_, pixel) => {
    const [row, column] = [Math.floor(pixel / (factor * side)), pixel % (factor * side)];
    return offset + Math.floor(row / side) * factor + Math.floor(column / side);
  });
}

describe('decode', () => {
  it.each([2, 3])('takes the factor %i² tiles row by row, image by image', (factor) => {
    const side = 4;
    const images = [labelledTiles(factor, side, 0), labelledTiles(factor, side, 100)].flat();
    const stored = tensor(images, [2, 1, factor * side, factor * side]);
    const decoded = decode(stored, 1, { mode: 'single', factor });
    const means = numbers(decoded.mean([1, 2, 3]));
    const tiles = Array.from({ length: factor ** 2 }, (_, index) => index);
    const expected = [...tiles, ...tiles.map((index) => 100 + index)];
    for (const [index, value] of means.entries()) expect(value).toBeCloseTo(expected[index]!, 4);
    const spread = decoded.max([1, 2, 3]).add(decoded.mul(-1).max([1, 2, 3]));
    expect(Math.max(...numbers(spread))).toBeLessThan(1e-4);
  });

  it('gives the image itself for factor 1', () => {
    const stored = random.uniformTensor([3, 2, 4, 4]);
    expect(numbers(decode(stored, 3, { mode: 'single', factor: 1 }))).toEqual(numbers(stored));
  });

  it('upsamples each tile bilinearly, like PyTorch without aligned corners', () => {
    const stored = random.uniformTensor([1, 1, 8, 8]);
    const tile = stored.narrow(2, 4, 4).narrow(3, 0, 4);
    const decoded = decode(stored, 1, { mode: 'single', factor: 2 });
    expectNear(decoded.narrow(0, 2, 1), upsampleBilinear(tile, [8, 8], false), 1e-7);
    const ramp = decode(
      arange(4, { dtype: 'float32' }).reshape([1, 1, 1, 4]).expand([1, 1, 4, 4]),
      1,
      {
        mode: 'single',
        factor: 2,
      },
    );
    expect(numbers(ramp).slice(0, 4)).toEqual([0, 0.25, 0.75, 1]);
  });

  describe.each([
    [8, 8],
    [28, 28],
    [7, 9],
  ])('for %i×%i images', (height, width) => {
    it.each(formations)('gives as many images as it says, of full size: %o', (formation) => {
      const stored = random.uniformTensor([6, 2, height, width]);
      const decoded = decode(stored, 3, formation);
      expect(decoded.shape).toEqual([3 * decodedPerClass(formation, 2), 2, height, width]);
      const values = numbers(decoded);
      expect(Math.min(...values.slice(0, 5000))).toBeGreaterThanOrEqual(0);
      expect(Math.max(...values.slice(0, 5000))).toBeLessThanOrEqual(1);
    });
  });

  it.each(formations)('keeps the classes together: %o', (formation) => {
    const values = [0.1, 0.1, 0.5, 0.5, 0.9, 0.9].flatMap((value) => new Array(64).fill(value));
    const decoded = decode(tensor(values, [6, 1, 8, 8]), 3, formation);
    const perClass = decodedPerClass(formation, 2);
    // The centre of the first tile never touches the padding of odd sizes.
    const corner = numbers(decoded.narrow(2, 0, 1).narrow(3, 0, 1));
    const expected = [0.1, 0.5, 0.9].flatMap((value) => new Array(perClass).fill(value));
    for (const [index, value] of corner.entries()) expect(value).toBeCloseTo(expected[index]!, 5);
  });

  it.each(formations)('has the gradients of its values: %o', (formation) => {
    const stored = random.uniformTensor([2, 1, 5, 6], 'float64');
    expectGradient((x) => decode(x, 1, formation), [stored]);
  });

  it('lets every stored pixel take part', () => {
    for (const factor of [1, 2, 3]) {
      const stored = random.uniformTensor([1, 1, 7, 9], 'float64');
      const moved = (pixel: number) => {
        const values = numbers(stored).with(pixel, 9);
        const other = decode(tensor(values, [1, 1, 7, 9], 'float64'), 1, {
          mode: 'single',
          factor,
        });
        return other
          .sub(decode(stored, 1, { mode: 'single', factor }))
          .abs()
          .sum()
          .item();
      };
      for (let pixel = 0; pixel < 63; pixel++) expect(moved(pixel)).toBeGreaterThan(0);
    }
  });
});

describe('decodedPerClass', () => {
  it.each<[Formation, number, number]>([
    [{ mode: 'single', factor: 2 }, 10, 40],
    [{ mode: 'multi', factor: 2 }, 10, 50],
    [{ mode: 'multi', factor: 3 }, 1, 14],
    [{ mode: 'bound', factor: 2, budget: 30 }, 10, 30],
    [{ mode: 'bound', factor: 2, budget: 80 }, 10, 50],
  ])('of %o with %i stored is %i', (formation, stored, expected) => {
    expect(decodedPerClass(formation, stored)).toBe(expected);
  });
});

describe('checkFormation', () => {
  it('rounds tiles up so that they cover the image', () => {
    expect(tileSize(28, 28, 3)).toEqual([10, 10]);
    expect(tileSize(7, 9, 2)).toEqual([4, 5]);
  });

  it.each([0, -1, 1.5, 5, Number.NaN])('refuses factor %d for 8×9 images', (factor) => {
    const check = () => checkFormation({ mode: 'single', factor }, 8, 9);
    expect(check).toThrow(UsageError);
    expect(check).toThrow(/formation factor must be an integer from 1 to 4 for 8×9 images/);
  });

  it('refuses factors whose last tiles would hold padding only', () => {
    expect(() => checkFormation({ mode: 'single', factor: 4 }, 9, 9)).toThrow(
      /factor 4 cuts 9×9 images into tiles of 3×3.*holds no pixels/,
    );
    expect(() => checkFormation({ mode: 'multi', factor: 5 }, 12, 12)).toThrow(UsageError);
    expect(() => checkFormation({ mode: 'single', factor: 3 }, 28, 28)).not.toThrow();
  });

  it.each([0, 2.5, -4])('refuses the budget %d', (budget) => {
    expect(() => checkFormation({ mode: 'bound', factor: 2, budget }, 8, 8)).toThrow(
      /budget must be/,
    );
  });
});

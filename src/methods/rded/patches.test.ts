import { describe, expect, it } from 'vitest';
import { arrayDataset } from '../../data/index.js';
import { liveTensors, scope, type Tensor } from '../../tensor/index.js';
import { RandomGenerator, tensor, zeros } from '../../tensor/testing/on-device.js';
import { bestPatches, drawCrop, type PatchRequest, stitch } from './patches.js';

/** Patches [numbers, 1, side, side], each of its number. */
const numbered = (numbers: number, side: number): Tensor => {
  const pixels = Array.from({ length: numbers }, (_, number) =>
    Array<number>(side ** 2).fill(number),
  );
  return tensor(pixels.flat(), [numbers, 1, side, side]);
};

describe('stitching', () => {
  it('spreads the ranking over the images, block by block, row by row', () => {
    const mosaics = scope(() =>
      stitch(numbered(8, 1), 2, { height: 2, width: 2 }).toFloat32Array(),
    );
    expect([...mosaics]).toEqual([0, 2, 4, 6, 1, 3, 5, 7]);
  });

  it('makes the first rows and columns longer where the sides do not divide', () => {
    const mosaics = scope(() =>
      stitch(numbered(8, 2), 2, { height: 5, width: 5 }).toFloat32Array(),
    );
    const first = [
      [0, 0, 0, 2, 2],
      [0, 0, 0, 2, 2],
      [0, 0, 0, 2, 2],
      [4, 4, 4, 6, 6],
      [4, 4, 4, 6, 6],
    ];
    expect([...mosaics.subarray(0, 25)]).toEqual(first.flat());
    expect([...mosaics.subarray(25)]).toEqual(first.flat().map((number) => number + 1));
  });

  it('leaves a whole image as it is', () => {
    scope(() => {
      const images = new RandomGenerator(1).uniformTensor([3, 2, 5, 7]);
      const same = stitch(images, 1, { height: 5, width: 7 });
      expect(same.toFloat32Array()).toEqual(images.toFloat32Array());
    });
  });
});

describe('a crop', () => {
  it.each([
    [32, 32],
    [100, 40],
  ])(
    'of an image of %i×%i lies within it and takes from 8 percent of it to all',
    (height, width) => {
      const random = new RandomGenerator(5);
      const crops = Array.from({ length: 4000 }, () => drawCrop({ height, width }, random));
      for (const { top, left, rows, columns } of crops) {
        const least = Math.min(top, left, height - top - rows, width - left - columns);
        expect(least).toBeGreaterThanOrEqual(0);
        // Sides are whole pixels.
        expect(Math.abs(rows - (columns * height) / width)).toBeLessThan(1.8);
      }
      const areas = crops.map(({ rows, columns }) => (rows * columns) / (height * width));
      expect(Math.min(...areas)).toBeLessThan(0.09);
      expect(Math.max(...areas)).toBeGreaterThan(0.98);
      const mean = areas.reduce((sum, area) => sum + area, 0) / areas.length;
      // Uniform in [0.08, 1]: deviation 0.266, that of the mean 0.0042.
      expect(Math.abs(mean - 0.54)).toBeLessThan(0.015);
      // Places: of the room that there is a half on each side.
      const places = crops
        .filter(({ rows }) => rows < height)
        .map((c) => c.top / (height - c.rows));
      const middle = places.reduce((sum, place) => sum + place, 0) / places.length;
      expect(Math.abs(middle - 0.5)).toBeLessThan(0.03);
    },
  );
});

/** 8×8 pictures of one class, of two channels: the first is brighter from left to right, each one by another amount. */
const gradients = arrayDataset({
  name: 'gradients',
  split: 'train',
  shape: { channels: 2, height: 8, width: 8 },
  pixels: Uint8Array.from({ length: 6 * 128 }, (_, at) => {
    const [image, channel, column] = [Math.floor(at / 128), Math.floor(at / 64) % 2, at % 8];
    return channel === 0 ? column * (10 + 5 * image) : (37 * at) % 251;
  }),
  labels: Array<number>(6).fill(0),
});

/** An image as an observer is shown it: values [2, 8, 8] in one line. */
type Shown = readonly number[];

/** The mean of the middle 4×4 pixels of the first channel, where a patch of factor 2 is. */
const brightness = (image: Shown): number => {
  const middle = image
    .slice(0, 64)
    .filter((_, at) => at % 8 >= 2 && at % 8 < 6 && at >= 16 && at < 48);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
};

/** Is surest of class 0 where the middle is brightest; remembers what it was shown. */
function brightObserver(weight = 1) {
  const shown: Shown[] = [];
  const logits = (images: Tensor): Tensor => {
    expect(images.shape.slice(1)).toEqual([2, 8, 8]);
    const values = Array.from(images.toFloat32Array());
    const count = images.size(0);
    for (let image = 0; image < count; image++)
      shown.push(values.slice(image * 128, (image + 1) * 128));
    return tensor(
      shown.slice(-count).flatMap((image) => [weight * brightness(image), 0]),
      [count, 2],
    );
  };
  return { shown, logits };
}

const all = Int32Array.from({ length: 6 }, (_, index) => index);

async function chosen(count: number, changes: Partial<PatchRequest> = {}) {
  const usual = { dataset: gradients, observers: [brightObserver()], factor: 2, crops: 4 };
  const request = { ...usual, random: new RandomGenerator(7), ...changes };
  const { patches, score } = await bestPatches(request, 0, all, count);
  using owned = patches;
  return { shape: owned.shape, pixels: Array.from(owned.toFloat32Array()), score };
}

describe('the best patches', () => {
  it("are each image's surest one, the surest of all first", async () => {
    const observer = brightObserver();
    const { shape, pixels, score } = await chosen(5, { observers: [observer] });
    expect(shape).toEqual([5, 2, 4, 4]);
    const best = Array.from(all, (image) => {
      const crops = observer.shown.slice(image * 4, image * 4 + 4);
      return crops.reduce((a, b) => (brightness(b) > brightness(a) ? b : a));
    });
    const ranked = best.toSorted((a, b) => brightness(b) - brightness(a)).slice(0, 5);
    const { mean, std } = gradients.normalization;
    const inside = ranked.flatMap((image) =>
      image.flatMap((value, at) => {
        const [channel, row, column] = [Math.floor(at / 64), Math.floor(at / 8) % 8, at % 8];
        const isInside = Math.min(row, column) >= 2 && Math.max(row, column) < 6;
        if (!isInside) expect(value).toBe(0);
        return isInside ? [value * std[channel]! + mean[channel]!] : [];
      }),
    );
    expect(inside).toHaveLength(pixels.length);
    for (const [at, value] of pixels.entries()) expect(value).toBeCloseTo(inside[at]!, 5);
    const losses = ranked.map((image) => Math.log1p(Math.exp(-brightness(image))));
    expect(score).toBeCloseTo(losses.reduce((sum, loss) => sum + loss, 0) / 5, 5);
  });

  it('of fewer are the first of many, and do not depend on how many are seen at once', async () => {
    const many = await chosen(6);
    const few = await chosen(2, { patchesAtOnce: 5 });
    expect(few.pixels).toEqual(many.pixels.slice(0, few.pixels.length));
    expect(few.score).toBeLessThan(many.score);
  });

  it('have the mean of several observers as their score', async () => {
    const score = async (...weights: number[]) =>
      (await chosen(6, { observers: weights.map((weight) => brightObserver(weight)), crops: 1 }))
        .score;
    const [one, three, both] = [await score(1), await score(3), await score(1, 3)];
    expect(Math.abs(three - one)).toBeGreaterThan(0.1);
    expect(both).toBeCloseTo((one + three) / 2, 5);
  });

  it('are antialiased where they are made smaller', async () => {
    // Stripes of one pixel average to grey.
    const pixels = Uint8Array.from({ length: 32 * 32 }, (_, at) => (at % 2) * 255);
    const shape = { channels: 1, height: 32, width: 32 };
    const stripes = arrayDataset({ name: 'stripes', split: 'train', shape, pixels, labels: [0] });
    const logits = (images: Tensor): Tensor => zeros([images.size(0), 1]);
    const request = { dataset: stripes, observers: [{ logits }], factor: 16, crops: 1 };
    const random = new RandomGenerator(2);
    using patches = (await bestPatches({ ...request, random }, 0, Int32Array.of(0), 1)).patches;
    for (const value of patches.toFloat32Array()) expect(Math.abs(value - 0.5)).toBeLessThan(0.1);
  });

  it('leave no tensors, also when they are stopped', async () => {
    const before = liveTensors();
    await chosen(3);
    const signal = AbortSignal.abort(new Error('stop, please'));
    await expect(chosen(3, { signal })).rejects.toThrow('stop, please');
    expect(liveTensors()).toBe(before);
  });
});

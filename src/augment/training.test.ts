import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/index.js';
import { grad, noGrad, scope, type Tensor } from '../tensor/index.js';
import { numbers } from '../tensor/testing/compare.js';
import { RandomGenerator } from '../tensor/testing/on-device.js';
import { isIdentity } from './affine.js';
import {
  batchShapes,
  expectFills,
  expectOneNewTensor,
  expectPixels,
  normalImages,
  type Pixel,
  reader,
} from './testing/images.js';
import {
  bandsByLoops,
  colourByLoops,
  cutoutByLoops,
  resampleByLoops,
} from './testing/reference.js';
import {
  applyTraining,
  augmentBatch,
  drawTraining,
  noAugmentation,
  officialTraining,
  type TrainingAugmentation,
  type TrainingDraw,
} from './training.js';

const everything: TrainingAugmentation = {
  ...officialTraining,
  cutout: 0.5,
  geometry: 'all',
  bands: 3,
  resizedCrop: 0.4,
};
const only = (options: Partial<TrainingAugmentation>): TrainingAugmentation => ({
  ...noAugmentation,
  geometry: 'all',
  ...options,
});

function draw(options: TrainingAugmentation, seed: number, images = 6, height = 7, width = 9) {
  return drawTraining(options, { images, height, width, random: new RandomGenerator(seed) });
}

/** Bands, colour, resampling, then cutout, one step after the other. */
function byLoops(images: Tensor, drawn: TrainingDraw): Pixel {
  const [, channels, height, width] = images.shape as [number, number, number, number];
  const size = { channels, height, width };
  const shuffled = bandsByLoops(reader(images), size, (n) => drawn.images[n]!.bands);
  const coloured = colourByLoops(shuffled, size, (n) => drawn.images[n]!);
  const padded: Pixel = (n, c, y, x) =>
    y < 0 || y >= height || x < 0 || x >= width ? 0 : coloured(n, c, y, x);
  const moved = resampleByLoops(padded, size, (n) => drawn.images[n]!.map);
  return cutoutByLoops(moved, (n) => drawn.images[n]!.cutout);
}

describe('applyTraining', () => {
  const options: [string, TrainingAugmentation][] = [
    ['colour', only({ brightness: 1, saturation: 2, contrast: 0.5 })],
    ['flip', only({ flip: true })],
    ['crop', only({ crop: 0.25 })],
    ['scale', only({ scale: 1.2 })],
    ['rotation', only({ rotate: 15 })],
    ['cutout', only({ cutout: 0.5 })],
    ['bands', only({ bands: 2 })],
    ['resized crops', only({ resizedCrop: 0.3 })],
    ['everything at once', everything],
  ];
  for (const [name, augmentation] of options) {
    it(`agrees with loops over the pixels for ${name}`, () => {
      for (const shape of batchShapes) {
        scope(() => {
          const images = normalImages(shape);
          const drawn = draw(augmentation, 3, shape[0], shape[2], shape[3]);
          const augmented = applyTraining(images, drawn);
          expectPixels(augmented, byLoops(images, drawn), 10);
          expect(numbers(augmented)).not.toEqual(numbers(images));
        });
      }
    });
  }

  it('flips by mirroring left and right', () => {
    scope(() => {
      const images = normalImages([40, 3, 7, 9]);
      const drawn = draw(only({ flip: true }), 1, 40);
      const flips = drawn.images.map(({ map }) => map[0] < 0);
      expect(new Set(flips).size).toBe(2);
      const value = reader(images);
      expectPixels(applyTraining(images, drawn), (n, c, y, x) =>
        value(n, c, y, flips[n] ? 8 - x : x),
      );
    });
  });

  it('crops by whole pixels, up to the crop in each direction, and fills with zeros', () => {
    scope(() => {
      const images = normalImages([60, 1, 7, 9], 'float32');
      const drawn = draw(only({ crop: 0.25 }), 1, 60);
      const shifts = drawn.images.map(({ map }) => [(-map[5] * 7) / 2, (-map[2] * 9) / 2] as const);
      const found = (axis: 0 | 1): number[] =>
        [...new Set(shifts.map((shift) => Math.round(shift[axis]) + 0))].sort((a, b) => a - b);
      expect(found(0)).toEqual([-2, -1, 0, 1, 2]);
      expect(found(1)).toEqual([-2, -1, 0, 1, 2]);
      const value = reader(images);
      expectPixels(
        applyTraining(images, drawn),
        (n, c, y, x) => value(n, c, y - Math.round(shifts[n]![0]), x - Math.round(shifts[n]![1])),
        5,
      );
    });
  });

  it('turns by true angles in images that are not square', () => {
    scope(() => {
      // A quarter turn of a 2×4 image about its centre shows its middle two columns, turned.
      const images = normalImages([1, 1, 2, 4]);
      const value = reader(images);
      const [turn] = draw(only({ rotate: 180 }), 1, 1, 2, 4).images;
      const quarter = { ...turn!, map: [0, -0.5, 0, 2, 0, 0] as const };
      const turned = applyTraining(images, { height: 2, width: 4, images: [quarter] });
      expectPixels(turned, (n, c, y, x) => value(n, c, x - 1, 2 - y));

      const [a, b, , d, e] = turn!.map;
      expect(a * e - b * d).toBeCloseTo(1, 12);
      expect(a).toBeCloseTo(e, 12);
      expect(b / d).toBeCloseTo(-((2 / 4) ** 2), 12);
    });
  });

  it('gives the same result each time a draw is applied, also after a trip through JSON', () => {
    scope(() => {
      const images = normalImages([6, 3, 7, 9]);
      const drawn = draw(everything, 8);
      const stored = JSON.parse(JSON.stringify(drawn)) as TrainingDraw;
      const first = numbers(applyTraining(images, drawn));
      expect(numbers(applyTraining(images, drawn))).toEqual(first);
      expect(numbers(applyTraining(images, stored))).toEqual(first);
    });
  });

  it.each([
    ['colour', only({ brightness: 1, saturation: 2, contrast: 0.5 })],
    ['scale', only({ scale: 1.5 })],
    ['rotation', only({ rotate: 40 })],
    ['bands', only({ bands: 3 })],
    ['everything at once', everything],
  ])('has the gradient that finite differences give for %s', (_name, augmentation) => {
    scope(() => {
      const images = normalImages([6, 3, 7, 9]).setRequiresGrad(true);
      const weights = normalImages([6, 3, 7, 9], 'float64', 2);
      const drawn = draw(augmentation, 4);
      const loss = (x: Tensor): Tensor => applyTraining(x, drawn).square().mul(weights).sum();
      const [gradient] = grad([loss(images)], [images]);
      for (let seed = 10; seed < 13; seed++) {
        const direction = normalImages([6, 3, 7, 9], 'float64', seed);
        const along = (step: number): number =>
          noGrad(() => loss(images.add(direction.mul(step))).item());
        const difference = (along(1e-4) - along(-1e-4)) / 2e-4;
        expect(gradient!.mul(direction).sum().item()).toBeCloseTo(difference, 6);
      }
    });
  });

  it('refuses images that do not fit the draw', () => {
    scope(() => {
      expect(() => applyTraining(normalImages([5, 3, 7, 9]), draw(everything, 1))).toThrow(
        'the augmentation was drawn for 6 images, got 5',
      );
      expect(() => applyTraining(normalImages([6, 3, 9, 7]), draw(everything, 1))).toThrow(
        'the augmentation was drawn for images of 7×9 pixels, these have 9×7',
      );
    });
  });
});

describe('drawTraining', () => {
  /** Which of the three changes a map holds. */
  function kind([a, b, c, , e, f]: readonly number[]): string {
    if (b !== 0) return 'rotate';
    if (c !== 0 || f !== 0) return 'crop';
    return Math.abs(a!) === 1 && e === 1 ? 'still' : 'scale';
  }

  it("picks one geometric change for a whole batch with geometry 'one'", () => {
    const seen = new Map<string, number>();
    for (let seed = 0; seed < 90; seed++) {
      const kinds = new Set(
        draw(officialTraining, seed, 20, 32, 32).images.map(({ map }) => kind(map)),
      );
      // A crop may happen to move an image by nothing.
      if (kinds.has('crop')) kinds.delete('still');
      expect(kinds.size).toBe(1);
      const [chosen] = kinds;
      seen.set(chosen!, (seen.get(chosen!) ?? 0) + 1);
    }
    expect([...seen.keys()].sort()).toEqual(['crop', 'rotate', 'scale']);
    for (const count of seen.values()) expect(count).toBeGreaterThan(15);
  });

  it("chooses with 'one' only among the changes that are on, and none with 'none'", () => {
    for (let seed = 0; seed < 10; seed++) {
      const scaled = draw({ ...officialTraining, crop: null, rotate: 0 }, seed);
      for (const { map } of scaled.images) expect(kind(map)).toBe('scale');
      const off = draw({ ...officialTraining, crop: null, rotate: null, scale: 1 }, seed);
      for (const { map } of off.images) expect(kind(map)).toBe('still');
      const none = draw({ ...officialTraining, geometry: 'none', flip: false }, seed);
      for (const { map } of none.images) expect(isIdentity(map)).toBe(true);
    }
  });

  it('stays within the range of each strength and uses all of it', () => {
    const all = (options: Partial<TrainingAugmentation>) =>
      draw(only(options), 5, 2000, 32, 32).images;
    const scaled = all({ scale: 1.2 });
    expectFills(
      scaled.map(({ map }) => map[0]),
      1 / 1.2,
      1.2,
    );
    expectFills(
      scaled.map(({ map }) => map[4]),
      1 / 1.2,
      1.2,
    );
    const degrees = all({ rotate: 15 }).map(
      ({ map }) => (Math.atan2(map[3], map[0]) * 180) / Math.PI,
    );
    expectFills(degrees, -15, 15);
    expectFills(
      all({ brightness: 1 }).map(({ brightness }) => brightness),
      -0.5,
      0.5,
    );
    expectFills(
      all({ saturation: 2 }).map(({ saturation }) => saturation),
      0,
      2,
    );
    expectFills(
      all({ contrast: 0.5 }).map(({ contrast }) => contrast),
      0.5,
      1.5,
    );
  });

  it('puts bands in every order, and draws nothing else otherwise for them and for crops', () => {
    const banded = draw({ ...everything, bands: 3, resizedCrop: null }, 5, 400).images;
    for (const sides of [
      banded.map(({ bands }) => bands!.rows),
      banded.map((b) => b.bands!.columns),
    ])
      expect(new Set(sides.map(String)).size).toBe(6);
    const without = draw({ ...everything, bands: null, resizedCrop: null }, 5, 400).images;
    expect(banded.map(({ bands: _, ...others }) => others)).toEqual(without);
  });

  it('refuses bands that an image of this size does not have', () => {
    expect(() => draw(only({ bands: 8 }), 1)).toThrow(
      new UsageError("the augmentation 'bands' must be at most 7 for images of 7×9 pixels, got 8"),
    );
    expect(() => draw(only({ bands: 1.5 }), 1)).toThrow("'bands' must be a positive integer");
    expect(() => draw(only({ resizedCrop: 0 }), 1)).toThrow("'resizedCrop' must be a number");
  });

  it('gives each image its own draw', () => {
    const images = draw(everything, 2, 50).images.map((image) => JSON.stringify(image));
    expect(new Set(images).size).toBe(50);
  });

  it('refuses strengths out of range, naming the option', () => {
    expect(() => draw({ ...officialTraining, scale: 0.8 }, 1)).toThrow(
      new UsageError(
        "the augmentation 'scale' must be a number at least 1, or null to switch it off; got 0.8",
      ),
    );
    expect(() => draw({ ...officialTraining, rotate: 200 }, 1)).toThrow(
      "'rotate' must be a number",
    );
  });
});

describe('augmentBatch', () => {
  it('depends on the images and the generator alone', () => {
    scope(() => {
      const images = normalImages([6, 3, 7, 9]);
      const augmented = (random: RandomGenerator): number[] =>
        numbers(augmentBatch(images, everything, random));
      expect(augmented(new RandomGenerator(1))).toEqual(augmented(new RandomGenerator(1)));
      const random = new RandomGenerator(1);
      expect(augmented(random)).not.toEqual(augmented(random));
    });
  });

  it('changes nothing without augmentation', () => {
    scope(() => {
      const images = normalImages([6, 3, 7, 9]);
      const same = augmentBatch(images, noAugmentation, new RandomGenerator(1));
      expect(numbers(same)).toEqual(numbers(images));
    });
  });

  it('keeps the element type and leaves no other tensor behind', () => {
    using images = normalImages([6, 3, 7, 9], 'float32');
    const random = new RandomGenerator(1);
    using augmented = augmentBatch(images, everything, random);
    expect(augmented.dtype).toBe('float32');
    expectOneNewTensor(() => augmentBatch(images, everything, random));
    expectOneNewTensor(() => augmentBatch(images, noAugmentation, random));
  });
});

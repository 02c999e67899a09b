import { beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../core/index.js';
import { temporaryFile } from '../core/testing/folder.js';
import { arrayDataset, type Dataset, pixelsToTensor } from '../data/index.js';
import { liveTensors, savePt, saveSafetensors, upsampleBilinear } from '../tensor/index.js';
import { numbers, relativeError } from '../tensor/testing/compare.js';
import { RandomGenerator, tensor, testDevice, zeros } from '../tensor/testing/on-device.js';
import {
  type Initialization,
  initializeSynthetic,
  type MixFilter,
  realImages,
  type SyntheticOptions,
} from './synthetic.js';
import { fewDigits } from './testing/digits.js';

let digits: Dataset;
beforeAll(async () => {
  digits = await fewDigits(3, 12);
});

function start(kind: Initialization, rest: Partial<SyntheticOptions> = {}) {
  return initializeSynthetic(digits, {
    imagesPerClass: 2,
    formation: { mode: 'single', factor: 2 },
    initialization: kind,
    random: new RandomGenerator(1),
    ...rest,
  });
}

/** Every image as a row of numbers, of the tensor or of a class of the dataset. */
function rows(values: readonly number[], count: number): number[][] {
  const size = values.length / count;
  return Array.from({ length: count }, (_, row) => values.slice(row * size, (row + 1) * size));
}

function classRows(
  label: number,
  transform = (image: ReturnType<typeof zeros>) => image,
): number[][] {
  const indices = [...digits.labels.keys()].filter((index) => digits.labels[index] === label);
  const images = pixelsToTensor(digits.read(indices), indices.length, digits.shape, testDevice);
  return rows(numbers(transform(images)), indices.length);
}

/** Which of the candidates each row is; −1 for none. */
function identify(found: readonly number[][], candidates: readonly number[][]): number[] {
  return found.map((row) =>
    candidates.findIndex((candidate) => relativeError(row, candidate) < 1e-5),
  );
}

describe.each<Initialization>([
  { kind: 'mix' },
  { kind: 'random' },
  { kind: 'noise' },
  { kind: 'noise', distribution: 'gaussian' },
])('synthetic images from $kind $distribution', (kind) => {
  it('have the size, range and gradients of the variable to optimise', () => {
    using synthetic = start(kind);
    expect(synthetic.images.shape).toEqual([6, 1, 8, 8]);
    expect(synthetic.images.requiresGrad).toBe(true);
    expect([synthetic.classes, synthetic.imagesPerClass, synthetic.decodedPerClass]).toEqual([
      3, 2, 8,
    ]);
    const values = numbers(synthetic.images);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThanOrEqual(1);
    expect(Math.max(...values)).toBeGreaterThan(0.5);
    expect(synthetic.decode().shape).toEqual([24, 1, 8, 8]);
  });

  it('are the same for the same seed, others for another, and leave nothing behind', () => {
    const before = liveTensors();
    const [one, same, other] = [1, 1, 2].map((seed) =>
      start(kind, { random: new RandomGenerator(seed) }),
    );
    expect(liveTensors()).toBe(before + 3);
    expect(numbers(same!.images)).toEqual(numbers(one!.images));
    expect(numbers(other!.images)).not.toEqual(numbers(one!.images));
    for (const synthetic of [one, same, other]) synthetic!.dispose();
    expect(liveTensors()).toBe(before);
  });
});

describe('the start from Gaussian noise', () => {
  const gaussian = { kind: 'noise', distribution: 'gaussian' } as const;

  it('has the mean and deviation of the data where pixels may leave [0, 1]', () => {
    using synthetic = start(gaussian, { imagesPerClass: 100, space: 'unbounded' });
    const values = numbers(synthetic.images);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    const { normalization } = digits;
    // 19200 numbers: their mean deviates by 0.0072 of a deviation, their deviation by 0.0051.
    expect(Math.abs(mean - normalization.mean[0]!)).toBeLessThan(0.03 * normalization.std[0]!);
    expect(Math.abs(Math.sqrt(variance) / normalization.std[0]! - 1)).toBeLessThan(0.02);
    expect(Math.min(...values)).toBeLessThan(0);
    expect(Math.max(...values)).toBeGreaterThan(1);
  });

  it('is cut off at 0 and 1 elsewhere', () => {
    using open = start(gaussian, { space: 'unbounded' });
    using cut = start(gaussian);
    const clamped = numbers(open.images).map((value) => Math.min(Math.max(value, 0), 1));
    expect(numbers(cut.images)).toEqual(clamped);
  });
});

describe('the start from real images', () => {
  it('takes different images of each class, in the classes’ order', () => {
    using synthetic = start({ kind: 'random' }, { imagesPerClass: 5 });
    const images = rows(numbers(synthetic.images), 15);
    for (const label of [0, 1, 2]) {
      const found = identify(images.slice(5 * label, 5 * label + 5), classRows(label));
      expect(Math.min(...found)).toBeGreaterThanOrEqual(0);
      expect(new Set(found).size).toBe(5);
    }
  });

  it('does not always take the first ones', () => {
    using chosen = realImages(digits, 3, new RandomGenerator(5));
    const found = identify(rows(numbers(chosen), 9).slice(0, 3), classRows(0));
    expect(Math.max(...found)).toBeGreaterThan(2);
  });

  it.each([
    ['random', 13, /few digits has 12 images to choose from for class '0', 13 are needed/],
    ['mix', 13, /few digits has 12 images to choose from for class '0', 13 are needed/],
  ] as const)('refuses more images than a class has (%s)', (kind, imagesPerClass, message) => {
    expect(() => start({ kind }, { imagesPerClass })).toThrow(UsageError);
    expect(() => start({ kind }, { imagesPerClass })).toThrow(message);
  });

  it('names a class that has no images', () => {
    const dataset = { ...digits, classNames: [...digits.classNames, 'eight'] };
    const options = {
      imagesPerClass: 1,
      formation: { mode: 'single', factor: 1 },
      random: new RandomGenerator(1),
    } as const;
    const initialize = (kind: 'mix' | 'random' | 'noise') => () =>
      initializeSynthetic(dataset, { ...options, initialization: { kind } });
    expect(initialize('random')).toThrow(
      /has 0 images to choose from for class 'eight', 1 are needed/,
    );
    expect(initialize('mix')).toThrow(UsageError);
    expect(initialize('noise')).not.toThrow();
  });

  it.each([0, -1, 1.5])('refuses %d images per class', (imagesPerClass) => {
    expect(() => start({ kind: 'noise' }, { imagesPerClass })).toThrow(/positive integer, got/);
  });
});

describe('the mixed start', () => {
  it.each([1, 2, 3])(
    'is decoded to scaled-down images of the right class (factor %i)',
    (factor) => {
      using synthetic = start(
        { kind: 'mix', filter: 'average' },
        { imagesPerClass: 1, formation: { mode: 'single', factor } },
      );
      const side = Math.ceil(8 / factor);
      const tiles = factor ** 2;
      // Tiles at the border of 8×8 images in 3×3 parts lose their last row or column: compare what all have.
      const whole = 8 % factor === 0 ? 8 : 4;
      const crop = (images: ReturnType<typeof zeros>) =>
        images.narrow(2, 0, whole).narrow(3, 0, whole);
      const decoded = rows(numbers(crop(synthetic.decode())), 3 * tiles);
      for (const label of [0, 1, 2]) {
        const candidates = classRows(label, (images) =>
          crop(upsampleBilinear(upsampleBilinear(images, [side, side], false), [8, 8], false)),
        );
        const found = identify(decoded.slice(label * tiles, (label + 1) * tiles), candidates);
        expect(Math.min(...found)).toBeGreaterThanOrEqual(0);
        expect(new Set(found).size).toBe(tiles);
      }
    },
  );

  it('takes the nearest pixel of each image, or the average of those it covers', () => {
    const pixels = Float32Array.from({ length: 64 }, (_, index) => index / 64);
    const one = arrayDataset({
      name: 'one',
      split: 'train',
      shape: { channels: 1, height: 8, width: 8 },
      pixels,
      labels: [0],
    });
    const tile = (factor: number, filter: MixFilter) => {
      using synthetic = initializeSynthetic(one, {
        imagesPerClass: 1,
        formation: { mode: 'single', factor },
        initialization: { kind: 'mix', filter },
        random: new RandomGenerator(1),
      });
      const side = Math.ceil(8 / factor);
      return numbers(synthetic.images.narrow(2, 0, side).narrow(3, 0, side)).map((v) => v * 64);
    };
    const rowsAndColumns = (rows: readonly number[], columns: readonly number[]) =>
      rows.flatMap((row) => columns.map((column) => 8 * row + column));
    expect(tile(2, 'nearest')).toEqual(rowsAndColumns([0, 2, 4, 6], [0, 2, 4, 6]));
    expect(tile(2, 'average')).toEqual(rowsAndColumns([0.5, 2.5, 4.5, 6.5], [0.5, 2.5, 4.5, 6.5]));
    // 8 pixels onto 3: the pixels at ⌊0 · 8/3⌋, ⌊1 · 8/3⌋ and ⌊2 · 8/3⌋.
    expect(tile(3, 'nearest')).toEqual(rowsAndColumns([0, 2, 5], [0, 2, 5]));
  });

  it('starts each tile from its own candidates', () => {
    const clusters = Array.from({ length: 3 * 8 }, (_, cluster) => {
      const first = Math.floor(cluster / 8) * 12 + (cluster % 8);
      return Int32Array.of(first);
    });
    using synthetic = start({ kind: 'mix', filter: 'average' }, { candidates: clusters });
    const shrunk = (images: ReturnType<typeof zeros>) =>
      upsampleBilinear(upsampleBilinear(images, [4, 4], false), [8, 8], false);
    const decoded = rows(numbers(synthetic.decode()), 24);
    for (const label of [0, 1, 2]) {
      const found = identify(decoded.slice(8 * label, 8 * label + 8), classRows(label, shrunk));
      expect(found).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    }
  });

  it('fits images whose sides the factor does not divide', () => {
    const shape = { channels: 2, height: 7, width: 9 };
    const odd = arrayDataset({
      name: 'odd',
      split: 'train',
      shape,
      pixels: Float32Array.from({ length: 20 * 126 }, (_, index) => (index % 97) / 97),
      labels: Array.from({ length: 20 }, (_, index) => index % 2),
    });
    using synthetic = initializeSynthetic(odd, {
      imagesPerClass: 1,
      formation: { mode: 'single', factor: 3 },
      initialization: { kind: 'mix' },
      random: new RandomGenerator(1),
    });
    expect(synthetic.images.shape).toEqual([2, 2, 7, 9]);
    expect(synthetic.decode().shape).toEqual([18, 2, 7, 9]);
  });
});

describe('the start from a file', () => {
  const images = () => new RandomGenerator(3).uniformTensor([6, 1, 8, 8]);

  it('takes the images of a safetensors file or of a pair', () => {
    const [named, pair] = [temporaryFile('images.safetensors'), temporaryFile('images.pt')];
    saveSafetensors(
      named,
      new Map([
        ['images', images()],
        ['labels', tensor([0, 0, 1, 1, 2, 2], [6], 'int64')],
      ]),
    );
    savePt(pair, [images(), tensor([0, 0, 1, 1, 2, 2], [6], 'int64')]);
    for (const path of [named, pair]) {
      const before = liveTensors();
      const synthetic = start({ kind: 'load', path });
      expect(liveTensors()).toBe(before + 1);
      expect(numbers(synthetic.images)).toEqual(numbers(images()));
      synthetic.dispose();
    }
  });

  it.each<[string, () => ReturnType<typeof zeros>, RegExp]>([
    [
      'images of another number or size',
      () => zeros([6, 1, 8, 9]),
      /holds images of shape \[6, 1, 8, 9\], expected \[6, 1, 8, 8\]/,
    ],
    [
      'pixels out of range',
      () => images().mul(2),
      /holds pixels from [\d.]+ to [\d.]+, expected values in \[0, 1\]/,
    ],
    ['negative pixels', () => images().sub(0.5), /expected values in \[0, 1\]/],
    ['pixels that are no numbers', () => images().mul(Number.NaN), /holds pixels from NaN to NaN/],
  ])('refuses %s, naming the file', (_, make, message) => {
    const path = temporaryFile('bad.safetensors');
    saveSafetensors(path, new Map([['images', make()]]));
    expect(() => start({ kind: 'load', path })).toThrow(UsageError);
    expect(() => start({ kind: 'load', path })).toThrow(message);
    expect(() => start({ kind: 'load', path })).toThrow(path);
  });

  it('refuses images that do not come class by class', () => {
    const path = temporaryFile('mixed.pt');
    savePt(path, [images(), tensor([0, 1, 2, 0, 1, 2], [6], 'int64')]);
    expect(() => start({ kind: 'load', path })).toThrow(/holds label 1 at image 1, expected 0/);
  });

  it('refuses files without images', () => {
    const [named, pair] = [temporaryFile('a.safetensors'), temporaryFile('a.pt')];
    saveSafetensors(named, new Map([['pictures', images()]]));
    savePt(pair, ['images']);
    expect(() => start({ kind: 'load', path: named })).toThrow(/holds no tensor named 'images'/);
    expect(() => start({ kind: 'load', path: pair })).toThrow(/does not hold a tensor of images/);
    expect(() => start({ kind: 'load', path: '/no/such.pt' })).toThrow(
      /\/no\/such.pt could not be read/,
    );
  });
});

describe('SyntheticImages', () => {
  it('brings pixels back into [0, 1] without losing the leaf', () => {
    using synthetic = start({ kind: 'noise' });
    synthetic.images.detach().copy_(new RandomGenerator(4).normal([6, 1, 8, 8]).mul(3));
    synthetic.clamp();
    const values = numbers(synthetic.images);
    expect([Math.min(...values), Math.max(...values)]).toEqual([0, 1]);
    expect(synthetic.images.requiresGrad).toBe(true);
  });
});

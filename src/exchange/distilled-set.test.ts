import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeFileAtomic } from '../core/index.js';
import { temporaryFolder } from '../core/testing/folder.js';
import { arrayDataset, type Dataset } from '../data/index.js';
import { loadDigits } from '../data/readers/digits.js';
import { encodeNpz } from '../data/reading.js';
import {
  decode,
  initializeSynthetic,
  loadDistilled,
  type SyntheticImages,
} from '../distill/index.js';
import { liveTensors, saveSafetensors, scope, type Tensor } from '../tensor/index.js';
import { RandomGenerator, tensor, testDevice } from '../tensor/testing/on-device.js';
import { decodeFor, openDistilledSet, writePair } from './index.js';
import { placeRun } from './testing/place-run.js';

let digits: Dataset;
beforeAll(async () => {
  digits = (await loadDigits()).train;
});

/** Two images per class, of four tiles each. */
function synthetic(factor = 2): SyntheticImages {
  return initializeSynthetic(digits, {
    imagesPerClass: 2,
    formation: { mode: 'single', factor },
    initialization: { kind: 'mix' },
    random: new RandomGenerator(1),
  });
}

const numbers = (values: Tensor): number[] => Array.from(values.toArray(), Number);
const twice = Array.from({ length: 20 }, (_, index) => Math.floor(index / 2));

describe("a run's set", () => {
  it('says itself how it is decoded, and has its soft labels', async () => {
    const folder = placeRun(digits);
    const { images, metadata } = loadDistilled(join(folder, 'distilled'), testDevice);
    using stored = images;
    const before = liveTensors();
    for (const path of [folder, join(folder, 'distilled')]) {
      using set = await openDistilledSet(path);
      expect(set).toMatchObject({ origin: 'run', formation: { mode: 'single', factor: 2 } });
      expect(set.dataset).toEqual({ name: 'digits', hash: digits.hash });
      const decoded = decodeFor(set, digits);
      scope(() => {
        const expected = decode(stored, 10, metadata.formation);
        expect(decoded.images.toFloat32Array()).toEqual(expected.toFloat32Array());
      });
      expect(numbers(decoded.labels)).toEqual(
        Array.from({ length: 80 }, (_, index) => Math.floor(index / 8)),
      );
      expect(decoded.probabilities!.shape).toEqual([80, 10]);
      for (const value of Object.values(decoded)) value.dispose();
    }
    expect(liveTensors()).toBe(before);
  });
});

/** The stored images as another project would leave them, in an order of its own. */
const order = [...twice.keys()].sort((a, b) => ((a * 7) % 20) - ((b * 7) % 20));

async function placePictures(folder: string, images: Float32Array): Promise<void> {
  for (const [index, label] of twice.entries()) {
    mkdirSync(join(folder, String(label)), { recursive: true });
    const pixels = Buffer.from(images.slice(64 * index, 64 * index + 64).map((x) => x * 255 + 0.5));
    await sharp(pixels, { raw: { width: 8, height: 8, channels: 1 } })
      .png()
      .toFile(join(folder, String(label), `${index % 2}.png`));
  }
}

const writers: Record<string, (folder: string, images: Tensor) => Promise<string> | string> = {
  pt: (folder, images) => {
    const path = join(folder, 'set.pt');
    const labels = order.map((index) => twice[index]!);
    scope(() => {
      const index = tensor(order, [20], 'int64');
      const pair = { images: images.indexSelect(0, index), labels: tensor(labels, [20], 'int64') };
      writePair(path, pair);
    });
    return path;
  },
  npz: (folder, images) => {
    const path = join(folder, 'set.npz');
    const bytes = encodeNpz(
      new Map([
        ['images', { shape: [20, 1, 8, 8], values: images.toFloat32Array() }],
        ['labels', { shape: [20], values: Int32Array.from(twice) }],
      ]),
    );
    writeFileAtomic(path, Buffer.from(bytes));
    return path;
  },
  safetensors: (folder, images) => {
    const path = join(folder, 'set.safetensors');
    using labels = tensor(twice, [20], 'int64');
    saveSafetensors(path, new Map(Object.entries({ images, labels })));
    return path;
  },
  folder: async (folder, images) => {
    await placePictures(folder, images.toFloat32Array());
    return folder;
  },
};

describe('a set of another project', () => {
  it.each(Object.keys(writers))('is read class by class from %s', async (origin) => {
    const folder = temporaryFolder();
    using stored = synthetic(1);
    const path = await writers[origin]!(folder, stored.images);
    const before = liveTensors();
    const formation = { mode: 'single', factor: 2 } as const;
    using set = await openDistilledSet(path, { formation, channels: 1 });
    expect(set.origin).toBe(origin);
    expect(numbers(set.labels)).toEqual(twice);
    const expected = stored.images.toFloat32Array();
    // Pictures have 8 bits; a class's images may be in another order where the file's order was another.
    const tolerance = origin === 'folder' ? 0.5 / 255 : 0;
    const sum = (values: Float32Array, label: number): number =>
      values.slice(128 * label, 128 * label + 128).reduce((total, value) => total + value, 0);
    for (let label = 0; label < 10; label++) {
      const difference = sum(set.images.toFloat32Array(), label) - sum(expected, label);
      expect(Math.abs(difference)).toBeLessThanOrEqual(128 * tolerance + 1e-4);
    }
    const decoded = decodeFor(set, digits);
    expect(decoded.images.shape).toEqual([80, 1, 8, 8]);
    expect(numbers(decoded.labels)).toEqual(
      Array.from({ length: 80 }, (_, index) => Math.floor(index / 8)),
    );
    for (const value of Object.values(decoded)) value.dispose();
    set[Symbol.dispose]();
    expect(liveTensors()).toBe(before);
  });

  it('may have another number of images of each class', async () => {
    const path = join(temporaryFolder(), 'set.pt');
    using stored = synthetic(1);
    const labels = [...Array.from({ length: 10 }, (_, label) => label), ...new Array(10).fill(3)];
    using classes = tensor(labels, [20], 'int64');
    writePair(path, { images: stored.images, labels: classes });
    using set = await openDistilledSet(path, { formation: { mode: 'single', factor: 2 } });
    const decoded = decodeFor(set, digits);
    const counts = numbers(decoded.labels).filter((label) => label === 3).length;
    expect([decoded.images.size(0), counts]).toEqual([80, 44]);
    for (const value of Object.values(decoded)) value.dispose();
  });

  it('finds its classes by their names, in whatever order', async () => {
    const path = join(temporaryFolder(), 'set.safetensors');
    using stored = synthetic(1);
    using labels = tensor(twice, [20], 'int64');
    const names = [...digits.classNames].reverse().map((name) => `0-${name.toUpperCase()}`);
    const metadata = { class_names: JSON.stringify(names) };
    saveSafetensors(path, new Map(Object.entries({ images: stored.images, labels })), metadata);
    using set = await openDistilledSet(path);
    const named = { ...digits, classNames: digits.classNames.map((name) => name.toUpperCase()) };
    const decoded = decodeFor(set, named);
    expect(numbers(decoded.labels)).toEqual(twice.map((label) => 9 - label));
    for (const value of Object.values(decoded)) value.dispose();
  });
});

describe('a set that does not fit', () => {
  const refusals: [string, (set: { images: number[]; labels: number[] }) => number[], RegExp][] = [
    ['its size', (set) => set.images.splice(2, 2, 4, 4), /images of 1×4×4, digits has 1×8×8/],
    ['a class too many', (set) => set.labels.fill(10, 19), /a class 10; digits has 10 classes/],
    ['a class too few', (set) => set.labels.fill(8, 18), /no image of digits's class '9'/],
  ];

  it.each(refusals)('is refused for %s', async (_, change, expected) => {
    const path = join(temporaryFolder(), 'set.pt');
    const made = { images: [20, 1, 8, 8], labels: [...twice] };
    change(made);
    using images = new RandomGenerator(1).uniformTensor(made.images);
    using labels = tensor(made.labels, [20], 'int64');
    writePair(path, { images, labels });
    const before = liveTensors();
    {
      using set = await openDistilledSet(path);
      expect(() => decodeFor(set, digits)).toThrow(expected);
    }
    expect(liveTensors()).toBe(before);
  });

  it('is refused for a picture of another size, which is named', async () => {
    const folder = temporaryFolder();
    using stored = synthetic(1);
    await placePictures(folder, stored.images.toFloat32Array());
    const black = { width: 8, height: 9, channels: 3, background: 'black' } as const;
    const path = join(folder, '7', '1.png');
    await sharp({ create: black }).png().toFile(path);
    await expect(openDistilledSet(folder)).rejects.toThrow(
      `${path} is 8×9; expected pictures of one size, 8×8 as the first`,
    );
  });

  it('is refused for classes of other names', async () => {
    const path = join(temporaryFolder(), 'set.safetensors');
    using stored = synthetic(1);
    using labels = tensor(twice, [20], 'int64');
    const metadata = { class_names: JSON.stringify(twice.slice(0, 10).map((_, i) => `c${i}`)) };
    saveSafetensors(path, new Map(Object.entries({ images: stored.images, labels })), metadata);
    using set = await openDistilledSet(path);
    expect(() => decodeFor(set, digits)).toThrow(/has the classes 'c0', .*those of digits/);
  });

  it('is refused when there is nothing, or something else', async () => {
    await expect(openDistilledSet('nowhere')).rejects.toThrow(/there is no nowhere; name a run/);
    const other = fileURLToPath(import.meta.url);
    await expect(openDistilledSet(other)).rejects.toThrow(
      /expected a run directory, an export, a \.pt/,
    );
  });
});

it('a set may have more images than fit on the stack', async () => {
  const path = join(temporaryFolder(), 'large.pt');
  const count = 150_000;
  const classes = Array.from({ length: count }, (_, index) => index % 2);
  using images = tensor(new Float32Array(count), [count, 1, 1, 1]);
  using labels = tensor(classes, [count], 'int64');
  writePair(path, { images, labels });
  const dots = arrayDataset({
    name: 'dots',
    split: 'train',
    shape: { channels: 1, height: 1, width: 1 },
    pixels: Uint8Array.of(0, 255),
    labels: [0, 1],
  });
  using set = await openDistilledSet(path);
  const decoded = decodeFor(set, dots);
  using _images = decoded.images;
  using ordered = decoded.labels;
  expect(ordered.sum().item()).toBe(count / 2);
});

import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/errors.js';
import type { NumpyArray } from './formats/npy.js';
import { encodeNpz } from './formats/npz.js';
import { remarkableBrightness } from './inspection/brightness.js';
import { openDataset } from './open.js';
import { temporaryDirectory } from './testing/files.js';
import { writePictures } from './testing/picture-folders.js';
import { encodeTiff } from './testing/tiff.js';

const side = 8;

/** Opens a folder of 8×8 pictures in grey, and tells what was said. */
async function open(path: string, cache: string, settings: object = {}) {
  const [notes, warnings]: [string[], string[]] = [[], []];
  const data = await openDataset(
    { path, size: side, channels: 1, ...settings },
    {
      cache,
      onNote: (note) => notes.push(note),
      onWarning: (warning) => warnings.push(warning),
    },
  );
  return { ...data, notes, warnings };
}

type Encode = (values: readonly number[]) => Promise<Buffer>;

const pngOf: Encode = (values) =>
  sharp(Uint16Array.from(values), { raw: { width: side, height: side, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toBuffer();

const tiffOf: Encode = async (values) =>
  encodeTiff({ width: side, height: side, values: Float32Array.from(values) });

/** The levels of a picture: 0 at one corner, `most` at the other. */
const levels = (most: number) =>
  Array.from({ length: side * side }, (_, index) => (index / (side * side - 1)) * most);

/** Two pictures of each class in each part, all of the training part but one with a small range. */
async function writeDeep(encode: Encode, most: { train: number; test: number }, ending: string) {
  const root = await temporaryDirectory();
  for (const part of ['train', 'test'] as const) {
    for (const name of ['cat', 'dog']) {
      mkdirSync(join(root, part, name), { recursive: true });
      const largest = part === 'train' && name === 'dog' ? most.train : most[part] / 4;
      const whole = levels(ending === '.png' ? Math.floor(largest) : largest);
      const values = ending === '.png' ? whole.map(Math.round) : whole;
      writeFileSync(join(root, part, name, `1${ending}`), await encode(values));
      writeFileSync(join(root, part, name, `2${ending}`), await encode(values));
    }
  }
  return root;
}

describe('pictures of more than 8 bits', () => {
  it.each<[string, Encode, string, number, number, RegExp]>([
    ['12 bits in a 16-bit PNG', pngOf, '.png', 4000, 4095, /^16-bit values of 0 to 4095 become/],
    [
      'floats to 1000 in a TIFF',
      tiffOf,
      '.tif',
      1000,
      1000,
      /^floating-point values of 0 to 1000 /,
    ],
    ['floats to 255 in a TIFF', tiffOf, '.tif', 250, 255, /^floating-point values of 0 to 255 /],
  ])('are scaled alike, by the training part, and that is said: %s', async (...row) => {
    const [, encode, ending, most, white, note] = row;
    const root = await writeDeep(encode, { train: most, test: 2 * most }, ending);
    const cache = await temporaryDirectory();
    for (const attempt of ['decoded', 'from the cache']) {
      const { train, test, notes, warnings } = await open(root, cache);
      expect(notes, attempt).toContainEqual(expect.stringMatching(note));
      expect(warnings).toEqual([]);
      const brightest = (pixels: ArrayLike<number>) => Math.max(...Array.from(pixels));
      const scaled = (value: number) => Math.round((value / white) * 255);
      expect(brightest(train.read([3]))).toBe(scaled(most));
      expect(Math.abs(brightest(train.read([0])) - scaled(most / 4))).toBeLessThanOrEqual(1);
      expect(Math.abs(brightest(test.read([0])) - scaled(most / 2))).toBeLessThanOrEqual(1);
    }
  });

  it('keep their high byte where the whole range is in use', async () => {
    const root = await writeDeep(pngOf, { train: 65_535, test: 65_535 }, '.png');
    const { train, notes, warnings } = await open(root, await temporaryDirectory());
    expect(notes.filter((note) => note.includes('values'))).toEqual([]);
    expect(warnings).toEqual([]);
    expect([...train.read([3])]).toEqual(levels(65_535).map((value) => Math.round(value) >> 8));
  });

  it('are scaled by those that are not damaged', async () => {
    const root = await writeDeep(pngOf, { train: 4000, test: 4000 }, '.png');
    truncateSync(join(root, 'train', 'dog', '2.png'), 80);
    const { train, skipped } = await open(root, await temporaryDirectory(), { onDamaged: 'skip' });
    expect(skipped).toHaveLength(1);
    expect(Math.max(...train.read([2]))).toBe(249);
  });
});

describe('a set that is almost black or white', () => {
  const written = async (most: number) => {
    const root = await temporaryDirectory();
    for (const name of ['cat', 'dog']) {
      mkdirSync(join(root, name));
      for (const number of [1, 2, 3]) {
        const background = { r: most, g: most, b: most + number };
        const create = { width: side, height: side, channels: 3, background } as const;
        await sharp({ create })
          .png()
          .toFile(join(root, name, `${number}.png`));
      }
    }
    return root;
  };

  it.each([
    [2, /^the training images of .* are almost black: their mean is 0\.0\d\d/],
    [250, /^the training images of .* are almost white: their mean is 0\.9\d\d/],
  ])('is warned of: %s', async (most, message) => {
    const { warnings } = await open(await written(most), await temporaryDirectory());
    expect(warnings).toEqual([expect.stringMatching(message)]);
  });

  it('is warned of in arrays too, and no other is', async () => {
    const folder = await temporaryDirectory();
    const file = (value: number): string => {
      const path = join(folder, `${value}.npz`);
      const images = { shape: [20, 4, 4], values: new Uint8Array(320).fill(value) };
      const labels = { shape: [20], values: Uint8Array.from({ length: 20 }, (_, row) => row % 2) };
      writeFileSync(
        path,
        encodeNpz(
          new Map<string, NumpyArray>([
            ['images', images],
            ['labels', labels],
          ]),
        ),
      );
      return path;
    };
    expect((await open(file(3), folder)).warnings).toEqual([expect.stringContaining('0.012')]);
    expect((await open(file(60), folder)).warnings).toEqual([]);
    expect((await open(await written(60), await temporaryDirectory())).warnings).toEqual([]);
    expect(remarkableBrightness('x', [0.04, 0.07])).toBeUndefined();
  });
});

it('damaged pictures of both parts are refused together, or left out with a warning', async () => {
  const [root, cache] = [await temporaryDirectory(), await temporaryDirectory()];
  await writePictures(root, ['train/cat', 'train/dog', 'test/cat', 'test/dog'], 3);
  const [one, other] = [join(root, 'train/cat/1.jpg'), join(root, 'test/dog/2.jpg')];
  for (const path of [one, other]) truncateSync(path, 100);
  await expect(open(root, cache)).rejects.toThrow(UsageError);
  await expect(open(root, cache)).rejects.toThrow(
    /^1 of 6 pictures of .* train and 1 of 6 pictures of .* test are damaged or missing:\n.*cat\/1\.jpg: .*\n.*dog\/2\.jpg: .*\nncfm data check/,
  );
  const { train, test, skipped, warnings } = await open(root, cache, { onDamaged: 'skip' });
  expect([train.labels.length, test.labels.length]).toEqual([5, 5]);
  expect(skipped).toEqual([
    { split: 'train', place: one, reason: expect.stringContaining('truncated or damaged') },
    { split: 'test', place: other, reason: expect.stringContaining('truncated or damaged') },
  ]);
  expect(warnings).toEqual([
    expect.stringMatching(/^left out, as dataset\.onDamaged says: 1 of 6/),
  ]);
  for (const path of [one, other]) rmSync(path);
  expect((await open(root, cache)).train.hash).toBe(train.hash);
});

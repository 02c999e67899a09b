import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { saveSafetensors } from '../../tensor/index.js';
import { tensor } from '../../tensor/testing/on-device.js';
import type { NumpyArray } from '../formats/npy.js';
import { encodeNpz } from '../formats/npz.js';
import { arraysPath, goldenArrays, pixelHash } from '../testing/arrays.js';
import { describeCorruption } from '../testing/corruption-suite.js';
import { describeDataset } from '../testing/dataset-suite.js';
import { temporaryDirectory, withTemporaryDirectory } from '../testing/files.js';
import { loadArrays } from './arrays.js';

describeDataset('an .npz file', () => loadArrays(arraysPath('keras.npz')), {
  name: 'keras',
  shape: [1, 32, 32],
  classes: 3,
  trainImages: 9,
  testImages: 3,
});

function writeExample(path: string): void {
  const pixels = Uint8Array.from({ length: 10 * 12 }, (_, index) => (index * 29) % 256);
  const labels = Int32Array.from({ length: 10 }, (_, index) => index % 2);
  using images = tensor(pixels, [10, 3, 2, 2]);
  using classes = tensor(labels);
  const names = { class_names: '["cat","dog"]' };
  saveSafetensors(
    path,
    new Map([
      ['images', images],
      ['labels', classes],
    ]),
    names,
  );
}

describeDataset(
  'a safetensors file',
  () =>
    withTemporaryDirectory(async (folder) => {
      writeExample(join(folder, 'pets.safetensors'));
      return loadArrays(join(folder, 'pets.safetensors'));
    }),
  { name: 'pets', shape: [3, 2, 2], classes: 2, trainImages: 8, testImages: 2 },
);

for (const file of ['keras.npz', 'pair.npz', 'named.npz']) {
  describeCorruption(`an .npz file (${file})`, {
    place: async (folder) => {
      await copyFile(arraysPath(file), join(folder, file));
      return join(folder, file);
    },
    load: async (folder) => (await loadArrays(join(folder, file))).train,
  });
}

describeCorruption('a safetensors file', {
  place: async (folder) => {
    writeExample(join(folder, 'pets.safetensors'));
    return join(folder, 'pets.safetensors');
  },
  load: async (folder) => (await loadArrays(join(folder, 'pets.safetensors'))).train,
});

describe('loadArrays', () => {
  it('finds the pixels that NumPy wrote', async () => {
    for (const name of ['keras', 'medmnist'] as const) {
      const { train, test } = await loadArrays(arraysPath(`${name}.npz`));
      expect([pixelHash(train), pixelHash(test)]).toEqual([
        goldenArrays[name].train,
        goldenArrays[name].test,
      ]);
    }
  });

  it('holds a share of every class out where there is no test part, always the same images', async () => {
    const path = arraysPath('pair.npz');
    const { train, test } = await loadArrays(path, { testShare: 0.25 });
    expect([train.labels.length, [...test.labels].sort()]).toEqual([9, [0, 1, 2]]);
    const again = await loadArrays(path, { testShare: 0.25 });
    expect(again.test.hash).toBe(test.hash);
    expect(test.split).toBe('test');
  });

  it("takes class names from a safetensors file's metadata", async () => {
    const path = join(await temporaryDirectory(), 'pets.safetensors');
    writeExample(path);
    expect((await loadArrays(path)).train.classNames).toEqual(['cat', 'dog']);
  });

  async function problem(arrays: Record<string, NumpyArray>): Promise<string> {
    const path = join(await temporaryDirectory(), 'data.npz');
    await writeFile(path, encodeNpz(new Map(Object.entries(arrays))));
    const error = await loadArrays(path).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toContain(path);
    return (error as Error).message;
  }

  const labels = { shape: [4], values: Uint8Array.of(0, 1, 0, 1) };
  const images = { shape: [4, 5, 5], values: new Uint8Array(100) };

  it('says which arrays it expected, and which there are', async () => {
    expect(await problem({ pictures: images, labels })).toMatch(
      /expected arrays named 'images' and 'labels'; or x_train.*found pictures, labels/,
    );
  });

  it('refuses shapes that are no images, or may be two things', async () => {
    const two = { shape: [4, 25], values: new Uint8Array(100) };
    expect(await problem({ images: two, labels })).toMatch(
      /images: it is 4 × 25; expected \[n, h, w\]/,
    );
    const either = { shape: [4, 3, 5, 3], values: new Uint8Array(180) };
    expect(await problem({ images: either, labels })).toMatch(/either its second or its last axis/);
  });

  it('refuses values out of range, labels that are none, and counts that disagree', async () => {
    const far = { shape: [4, 5, 5], values: new Int32Array(100).fill(300, 7) };
    expect(await problem({ images: far, labels })).toMatch(
      /images: value 7 is 300; expected whole/,
    );
    const cube = { shape: [4, 2, 2], values: new Uint8Array(16) };
    expect(await problem({ images, labels: cube })).toMatch(
      /labels: it is 4 × 2 × 2; expected one class/,
    );
    const few = { shape: [3], values: Uint8Array.of(0, 1, 0) };
    expect(await problem({ images, labels: few })).toMatch(/do not match 3 labels/);
  });
});

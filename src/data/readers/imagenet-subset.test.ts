import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { temporaryDirectory } from '../testing/files.js';
import { writeFiles, writePictures } from '../testing/picture-folders.js';
import { imageNetSubsetClasses, imageNetSubsetNames } from './imagenet-classes.js';
import { openImageNetSubset } from './imagenet-subset.js';
import type { SkippedFile } from './scan.js';

const fruit = imageNetSubsetClasses('imagefruit').map(({ wnid }) => wnid);

/** Two training pictures and one for validation of every class of ImageFruit, and of one more class. */
async function imageNetFolder(below = '.'): Promise<string> {
  const root = await temporaryDirectory();
  const folders = (part: string) => [...fruit, 'n01440764'].map((wnid) => join(below, part, wnid));
  await writePictures(root, folders('train'), 2, '.JPEG');
  await writePictures(root, folders('val'), 1, '.JPEG');
  return root;
}

describe('the lists of classes', () => {
  // The indices that Cazenavette et al. (CVPR 2022) define the subsets by, in the order of their labels.
  it.each([
    ['imagenette', [0, 217, 482, 491, 497, 566, 569, 571, 574, 701]],
    ['imagewoof', [193, 182, 258, 162, 155, 167, 159, 273, 207, 229]],
    ['imagefruit', [953, 954, 949, 950, 951, 957, 952, 945, 943, 948]],
    ['imagemeow', [281, 282, 283, 284, 285, 291, 292, 290, 289, 287]],
    ['imagesquawk', [84, 130, 88, 144, 145, 22, 96, 9, 100, 89]],
    ['imageyellow', [309, 986, 954, 951, 987, 779, 599, 291, 72, 11]],
  ] as const)('have the published indices: %s', (name, indices) => {
    expect(imageNetSubsetClasses(name).map(({ index }) => index)).toEqual(indices);
  });

  it('have ids in the order of their indices, so that no id can belong to another class', () => {
    const all = imageNetSubsetNames.flatMap((name) => [
      ...imageNetSubsetClasses(name),
      ...imageNetSubsetClasses(name, 'ncfm'),
    ]);
    for (const a of all) {
      expect(a.wnid).toMatch(/^n\d{8}$/);
      for (const b of all) {
        expect(Math.sign(a.index - b.index)).toBe(
          Math.sign(Number(a.wnid.slice(1)) - Number(b.wnid.slice(1))),
        );
        if (a.index === b.index) expect(a).toEqual(b);
      }
    }
  });

  it.each(imageNetSubsetNames)('have ten different names and ids: %s', (name) => {
    for (const definition of ['mtt', 'ncfm'] as const) {
      const classes = imageNetSubsetClasses(name, definition);
      expect(new Set(classes.map((found) => found.wnid)).size).toBe(10);
      expect(new Set(classes.map((found) => found.name)).size).toBe(10);
    }
  });

  it('differ between the definitions in one fruit and one spider', () => {
    const differing = imageNetSubsetNames.flatMap((name) => {
      const official = imageNetSubsetClasses(name, 'ncfm');
      return imageNetSubsetClasses(name).flatMap((found, label) =>
        found.wnid === official[label]!.wnid ? [] : [[name, found.name, official[label]!.name]],
      );
    });
    expect(differing).toEqual([
      ['imagefruit', 'Granny Smith', 'custard apple'],
      ['imageyellow', 'black and gold garden spider', 'garden spider'],
    ]);
  });
});

describe('an ImageNet subset', () => {
  it.each(['.', 'ILSVRC/Data/CLS-LOC'])('takes its classes from %s', async (below) => {
    const root = await imageNetFolder(below);
    const { train, test, normalization } = await openImageNetSubset('imagefruit', { root });
    expect(train.classNames.slice(0, 3)).toEqual(['pineapple', 'banana', 'strawberry']);
    expect(Array.from(train.labels)).toEqual(fruit.flatMap((_, label) => [label, label]));
    expect(Array.from(test.labels)).toEqual(fruit.map((_, label) => label));
    for (const index of test.labels.keys()) {
      expect(test.describe(index)).toContain(join('val', fruit[test.labels[index]!]!));
    }
    expect([train.name, train.split, test.split]).toEqual(['imagefruit', 'train', 'test']);
    expect(normalization).toEqual({ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] });
  });

  it('has pictures of 128×128 unless told otherwise', async () => {
    const root = await imageNetFolder();
    const usual = await openImageNetSubset('imagefruit', { root });
    expect(usual.train.shape).toEqual({ channels: 3, height: 128, width: 128 });
    expect(await usual.train.decode(0)).toHaveLength(3 * 128 * 128);
    const small = await openImageNetSubset('imagefruit', { root, size: 32 });
    expect(await small.test.decode(9)).toHaveLength(3 * 32 * 32);
    await expect(openImageNetSubset('imagefruit', { root, size: -1 })).rejects.toThrow(UsageError);
  });

  it('holds pictures out of a flat folder', async () => {
    const root = await imageNetFolder();
    const { train, test } = await openImageNetSubset('imagefruit', { root: join(root, 'train') });
    expect([train.labels.length, test.labels.length]).toEqual([10, 10]);
    expect(train.describe(0)).toContain(join('train', fruit[0]!));
  });

  it('takes the classes of the official project if told so', async () => {
    const root = await imageNetFolder();
    await rename(join(root, 'train', 'n07742313'), join(root, 'train', 'n07760859'));
    await rename(join(root, 'val', 'n07742313'), join(root, 'val', 'n07760859'));
    const { train } = await openImageNetSubset('imagefruit', { root, definition: 'ncfm' });
    expect(train.classNames[9]).toBe('custard apple');
    await expect(openImageNetSubset('imagefruit', { root })).rejects.toThrow(
      "class 'Granny Smith' is missing",
    );
  });

  it('reports by name what is no picture', async () => {
    const root = await imageNetFolder();
    await writeFiles(root, { [`train/${fruit[0]}/list.txt`]: 'x' });
    const skipped: SkippedFile[] = [];
    await openImageNetSubset('imagefruit', { root, onSkipped: (file) => skipped.push(file) });
    expect(skipped.map(({ path }) => path)).toEqual([join(root, 'train', fruit[0]!, 'list.txt')]);
  });
});

describe('an ImageNet folder that cannot be used', () => {
  it('is refused if no class is found, naming where to put the data', async () => {
    const root = await temporaryDirectory();
    const opening = openImageNetSubset('imagesquawk', { root });
    await expect(opening).rejects.toThrow(UsageError);
    await expect(opening).rejects.toThrow('no folder named n01806143 (peacock)');
    await expect(opening).rejects.toThrow(root);
  });

  it('is refused if a class is missing or empty', async () => {
    const root = await imageNetFolder();
    await rm(join(root, 'train', fruit[3]!), { recursive: true });
    await expect(openImageNetSubset('imagefruit', { root })).rejects.toThrow(
      `${join(root, 'train', fruit[3]!)}: the folder of class 'orange' is missing`,
    );
    await mkdir(join(root, 'train', fruit[3]!));
    await expect(openImageNetSubset('imagefruit', { root })).rejects.toThrow(
      "there are no pictures of class 'orange'",
    );
  });

  it('is refused if the validation pictures are not sorted into folders, saying how to', async () => {
    const root = await imageNetFolder();
    await rm(join(root, 'val'), { recursive: true });
    await expect(openImageNetSubset('imagefruit', { root })).rejects.toThrow(
      'move them into one folder per class',
    );
  });
});

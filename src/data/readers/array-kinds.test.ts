import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import type { NumberArray, NumpyArray } from '../formats/npy.js';
import { encodeNpz } from '../formats/npz.js';
import { openSource } from '../open.js';
import { arraysPath } from '../testing/arrays.js';
import { temporaryDirectory } from '../testing/files.js';

/** Opens a file of arrays as every command does, and gives what was told of it. */
async function openFile(path: string) {
  const notes: string[] = [];
  const source = await openSource({ path }, (note) => notes.push(note.replaceAll(`${path}: `, '')));
  if (source.kind !== 'images') throw new Error('expected images');
  return { ...source.pair, notes };
}

async function write(arrays: Record<string, NumpyArray>): Promise<string> {
  const path = join(await temporaryDirectory(), 'data.npz');
  await writeFile(path, encodeNpz(new Map(Object.entries(arrays))));
  return path;
}

const open = async (arrays: Record<string, NumpyArray>) => openFile(await write(arrays));

async function refused(arrays: Record<string, NumpyArray>, message: RegExp): Promise<void> {
  const path = await write(arrays);
  await expect(openFile(path)).rejects.toBeInstanceOf(UsageError);
  await expect(openFile(path)).rejects.toThrow(message);
  await expect(openFile(path)).rejects.toThrow(path);
}

/** Images of 2×2 whose pixels are the values in turn. */
function images(count: number, values: NumberArray = Uint8Array.of(0, 7, 90, 255)): NumpyArray {
  const Values = values.constructor as new (length: number) => NumberArray;
  const repeated = new Values(count * 4);
  for (let index = 0; index < repeated.length; index++) {
    repeated[index] = values[index % values.length]!;
  }
  return { shape: [count, 2, 2], values: repeated };
}

const labels = (...values: readonly number[]): NumpyArray => ({
  shape: [values.length],
  values: Int32Array.from(values),
});

const half = (values: readonly number[]) => ({ x_train: images(4), y_train: labels(...values) });

describe('the labels of a file of arrays', () => {
  it('may be names, which become the classes in order', async () => {
    const { train, test, notes } = await openFile(arraysPath('named.npz'));
    expect(train.classNames).toEqual(['cat', 'dog', 'owl']);
    expect([...train.labels]).toEqual([2, 0, 1, 2, 0, 1, 2, 0, 1]);
    expect([test.classNames, [...test.labels]]).toEqual([train.classNames, [1, 2, 2]]);
    expect(notes).toEqual([
      expect.stringMatching(/^y_test: 1 of 3 classes have no test image \(cat\)/),
    ]);
  });

  it('may be one-hot, of any type', async () => {
    for (const type of [Uint8Array, Float32Array, Float64Array]) {
      const values = type.from([0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0]);
      const { train, notes } = await open({
        x_train: images(4),
        y_train: { shape: [4, 3], values },
        x_test: images(3),
        y_test: labels(0, 1, 2),
      });
      expect([...train.labels]).toEqual([1, 0, 2, 1]);
      expect(notes).toEqual(['y_train: read as one-hot labels of 3 classes']);
    }
    for (const row of [
      [0, 0],
      [1, 1],
      [0.5, 0.5],
      [2, 0],
    ]) {
      const values = Float32Array.from([...row, 0, 1, 1, 0, 1, 0]);
      await refused(
        { images: images(4), labels: { shape: [4, 2], values } },
        /labels: row 0 is .*one-hot rows with a single 1 among zeros/,
      );
    }
  });

  it('may be numbers with gaps, which are classes in order under their numbers', async () => {
    const { train, test, notes } = await open({
      ...half([100, 3, 7, 3]),
      x_test: images(3),
      y_test: labels(7, 100, 3),
    });
    expect(train.classNames).toEqual(['3', '7', '100']);
    expect([[...train.labels], [...test.labels]]).toEqual([
      [2, 0, 1, 0],
      [1, 2, 0],
    ]);
    expect(notes).toEqual([
      'y_train: the 3 class numbers (3, 7, 100) do not run from 0 without gaps; they are classes in this order, named by their numbers',
    ]);
    const negative = await open({ images: images(4), labels: labels(1, -1, 1, -1) });
    expect(negative.train.classNames).toEqual(['-1', '1']);
  });

  it('from 0 without gaps are told of no more than before', async () => {
    const tested = { x_test: images(2), y_test: labels(0, 1) };
    const { train, notes } = await open({ ...half([0, 1, 1, 0]), ...tested });
    expect([train.classNames, notes]).toEqual([['0', '1'], []]);
  });

  it('of a test part may lack a class, but not have one of their own', async () => {
    const lacking = { x_test: images(2), y_test: labels(2, 0) };
    const { test, notes } = await open({ ...half([0, 1, 2, 1]), ...lacking });
    expect([test.classNames, [...test.labels]]).toEqual([
      ['0', '1', '2'],
      [2, 0],
    ]);
    expect(notes).toEqual([
      'y_test: 1 of 3 classes have no test image (1): accuracies say nothing about them',
    ]);
    const own = { x_test: images(2), y_test: labels(2, 5) };
    await refused(
      { ...half([0, 1, 2, 1]), ...own },
      /y_test: label 1 is 5, which is none of the 3 classes; expected one of 0, 1, 2/,
    );
  });

  it('are refused where they are not whole', async () => {
    const values = Float64Array.of(0, 1, 0.5, 1);
    await refused({ images: images(4), labels: { shape: [4], values } }, /labels: label 2 is 0.5/);
  });
});

describe('the pixels of a file of arrays', () => {
  const tested = { y_test: labels(0, 1) };

  it.each([Float32Array, Float64Array])(
    'of whole floats up to 255 are the bytes that they say: %o',
    async (type) => {
      const y_train = labels(0, 1, 0, 1);
      const bytes = await open({ x_train: images(4), y_train, x_test: images(2), ...tested });
      const floats = type.of(0, 7, 90, 255);
      const x_test = images(2, floats);
      const { train, test, notes } = await open({
        x_train: images(4, floats),
        y_train,
        x_test,
        ...tested,
      });
      expect([train.hash, test.hash]).toEqual([bytes.train.hash, bytes.test.hash]);
      expect(notes).toEqual([
        'x_train, x_test: floating-point numbers up to 255, read as pixels from 0 to 255',
      ]);
    },
  );

  it('of other floats up to 255 are divided by it, by one scale for both parts', async () => {
    const { train, test } = await open({
      x_train: images(4, Float32Array.of(0, 0.5, 51, 255)),
      y_train: labels(0, 1, 0, 1),
      x_test: images(2, Float32Array.of(0, 2, 3, 51)),
      ...tested,
    });
    const fifth = Math.fround(51 / 255);
    expect([...train.read([0])]).toEqual([0, Math.fround(0.5 / 255), fifth, 1]);
    expect(test.read([0])[3]).toBe(fifth);
  });

  it('of few levels, as of the digits of scikit-learn, are divided by the largest', async () => {
    const arrays = { images: images(4, Float64Array.of(0, 4, 8, 16)), target: labels(0, 1, 0, 1) };
    const { train, notes } = await open(arrays);
    expect([...train.read([0])]).toEqual([0, 0.25, 0.5, 1]);
    expect(notes[0]).toMatch(/^images: whole numbers up to 16, read as pixels from 0 to 16/);
  });

  it('of 0 and 1, as of truth values, are black and white', async () => {
    const arrays = { images: images(4, Uint8Array.of(0, 1, 1, 0)), labels: labels(0, 1, 0, 1) };
    const { train, notes } = await open(arrays);
    expect([...train.read([0])]).toEqual([0, 255, 255, 0]);
    expect(notes[0]).toMatch(/0 and 1, read as black and white/);
  });

  it('from 0 to 1 stay as they are, without a word', async () => {
    const { train, notes } = await open({
      x_train: images(4, Float32Array.of(0, 0.25, 0.5, 1)),
      y_train: labels(0, 1, 0, 1),
      x_test: images(2, Float32Array.of(0, 0.5, 0.5, 0.5)),
      ...tested,
    });
    expect([[...train.read([0])], notes]).toEqual([[0, 0.25, 0.5, 1], []]);
  });

  it.each([
    ['normalised', [-2, 0, 1, 2], /between -2 and 2; .*they look normalised/],
    ['over 1', [0, 0.5, 1, 1.5], /between 0 and 1.5; expected floats from 0 to 1 or from 0 to 255/],
    ['of 16 bits', [0, 1, 2, 65535], /between 0 and 65535; expected/],
    ['no numbers', [0, Number.NaN, 1, 1], /row 0, column 1 is NaN/],
    ['endless', [0, Number.POSITIVE_INFINITY, 1, 1], /row 0, column 1 is Infinity/],
  ])('are refused where they are %s', async (_, values, message) => {
    const pixels = images(4, Float32Array.from(values));
    await refused({ images: pixels, labels: labels(0, 1, 0, 1) }, message);
  });

  it('are refused where the two parts have different scales', async () => {
    const x_test = images(2, Float32Array.of(0, 0.5, 0.5, 1));
    const x_train = images(4, Float32Array.of(0, 7, 90, 255));
    await refused(
      { x_train, y_train: labels(0, 1, 0, 1), x_test, ...tested },
      /x_test: its values go up to 1, those of the other part up to 255/,
    );
  });
});

describe('the arrays of a file', () => {
  const pair = (form: (part: string) => [string, string], parts: readonly string[]) =>
    Object.fromEntries(
      parts.flatMap((part, index) => {
        const [pixels, classes] = form(part);
        const values = Uint8Array.of(0, 1 + index, 90, 255);
        return [
          [pixels, images(4, values)],
          [classes, labels(0, 1, 0, 1)],
        ];
      }),
    );
  /** Which of the parts, by number, an image is of. */
  const partOf = (dataset: { read(indices: number[]): ArrayLike<number> }) =>
    dataset.read([0])[1]! - 1;

  it.each([
    ['Keras', (part: string) => [`x_${part}`, `y_${part}`], ['train', 'val', 'test']],
    ['scikit-learn', (part: string) => [`X_${part}`, `y_${part}`], ['train', 'val', 'test']],
    ['MedMNIST', (part: string) => [`${part}_images`, `${part}_labels`], ['train', 'val', 'test']],
    ['others', (part: string) => [`${part}_X`, `${part}_Y`], ['training', 'valid', 'testing']],
  ] as const)('are known by the names of %s, with a part for nothing', async (_, form, parts) => {
    const { train, test, notes } = await open(
      pair((part) => [...form(part)] as [string, string], parts),
    );
    expect([partOf(train), partOf(test)]).toEqual([0, 2]);
    const unused = form(parts[1]).join(', ');
    expect(notes).toEqual([`the validation part ${unused} is neither trained nor tested on`]);
  });

  it('have their validation part for the test part, where there is no other, and tell', async () => {
    const form = (part: string): [string, string] => [`x_${part}`, `y_${part}`];
    const { train, test, notes } = await open(pair(form, ['train', 'val']));
    expect([partOf(train), partOf(test)]).toEqual([0, 1]);
    expect(notes).toEqual(['there is no test part, so the validation part is measured on: x_val']);
  });

  it('hold images out of a training part alone, and of a whole, and tell', async () => {
    for (const [pixels, classes] of [
      ['x_train', 'y_train'],
      ['data', 'target'],
      ['X', 'y'],
      ['images', 'targets'],
    ]) {
      const { test, notes } = await open({
        [pixels!]: images(10),
        [classes!]: labels(0, 1, 0, 1, 0, 1, 0, 1, 0, 1),
      });
      expect(test.labels).toHaveLength(2);
      expect(notes).toEqual([expect.stringMatching(/no test part: 2 of 10 pictures are held out/)]);
    }
  });

  it('need two images of each class to hold one out', async () => {
    const arrays = { images: images(3), labels: labels(0, 1, 0) };
    await refused(arrays, /class '1' has one image; expected at least 2, as one is held out/);
  });

  it('are named where they are not read, and refused where half a part is missing', async () => {
    const whole = { images: images(4), labels: labels(0, 1, 0, 1) };
    const { notes } = await open({ ...whole, weights: labels(1, 2, 3) });
    expect(notes[0]).toBe('not read: weights');
    await refused(
      { ...half([0, 1, 0, 1]), y_test: labels(0, 1) },
      /'y_test' is there without its images/,
    );
  });

  it('may name the classes', async () => {
    const target_names = { shape: [2], values: Int32Array.of(5, 6) };
    const { train } = await open({ data: images(4), target: labels(0, 1, 0, 1), target_names });
    expect(train.classNames).toEqual(['5', '6']);
  });
});

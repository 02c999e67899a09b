import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/index.js';
import { temporaryFolder } from '../core/testing/folder.js';
import { arrayDataset } from '../data/index.js';
import { describeCorruption } from '../data/testing/corruption-suite.js';
import { liveTensors, type Storable, savePt, type Tensor } from '../tensor/index.js';
import { hostileArchives } from '../tensor/testing/hostile-archives.js';
import { RandomGenerator, tensor } from '../tensor/testing/on-device.js';
import { pythonWithTorch, runPython } from '../tensor/testing/python.js';
import { type ImagePair, type ReadPairOptions, readPair, writePair } from './index.js';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`./testing/${name}.pt`, import.meta.url));

/** What make_pairs.py put into every file: value k / 100 for the k-th pixel. */
const pixels = Array.from({ length: 96 }, (_, index) => index / 100);

function read(path: string, options?: ReadPairOptions) {
  const { images, labels } = readPair(path, options);
  using ownImages = images;
  using ownLabels = labels;
  return {
    shape: images.shape,
    values: [...ownImages.toFloat32Array()],
    labels: Array.from(ownLabels.toArray(), Number),
  };
}

function expectPixels(values: readonly number[], digits: number): void {
  for (const [index, value] of values.entries()) expect(value).toBeCloseTo(pixels[index]!, digits);
}

describe('a pair written by PyTorch', () => {
  it('is read, from a list or a tuple, in single or half precision', () => {
    const before = liveTensors();
    const list = read(fixture('list'));
    expect(list).toMatchObject({ shape: [6, 1, 4, 4], labels: [0, 0, 1, 1, 2, 2] });
    expectPixels(list.values, 7);
    const half = read(fixture('tuple-half'));
    expect(half.labels).toEqual(list.labels);
    expectPixels(half.values, 3);
    expect(liveTensors()).toBe(before);
  });

  it('of normalised images needs their mean and deviation, and says so', () => {
    const before = liveTensors();
    expect(() => readPair(fixture('normalized'))).toThrow(
      /normalized\.pt: its pixels go from -0\.5000 to 1\.400; expected 0 to 1.*--normalized/,
    );
    expectPixels(
      read(fixture('normalized'), { normalized: { mean: [0.25], std: [0.5] } }).values,
      6,
    );
    const wrong = { normalized: { mean: [0, 0, 0], std: [1, 1, 1] } };
    expect(() => readPair(fixture('normalized'), wrong)).toThrow(/1 channels, .* is for 3/);
    expect(liveTensors()).toBe(before);
  });

  it('is read whatever its memory layout', () => {
    const { values, labels } = read(fixture('unordered'));
    expect(labels).toEqual([2, 0, 1, 0, 2, 1]);
    expect(values.slice(0, 4)).toEqual(pixels.slice(64, 68).map(Math.fround));
  });
});

const images = (shape: readonly number[] = [2, 1, 2, 2]): Tensor =>
  new RandomGenerator(1).uniformTensor(shape);
const labels = (values: readonly number[] = [0, 1]): Tensor =>
  tensor([...values], [values.length], 'int64');

describe('what is no pair', () => {
  const wrong: [string, () => Storable, RegExp][] = [
    ['a state dictionary', () => ({ weight: images() }), /list of two tensors/],
    ['three tensors', () => [images(), labels(), labels()], /list of two tensors/],
    ['images of bytes', () => [images().to('uint8'), labels()], /images are uint8 \[2, 1, 2, 2\]/],
    ['flat images', () => [images([2, 4]), labels()], /images are float32 \[2, 4\]/],
    ['two channels', () => [images([2, 2, 2, 2]), labels()], /2 channels; expected 1 or 3/],
    ['too few labels', () => [images(), labels([1])], /labels are int64 \[1\]; .* 2 images/],
    ['fractions as labels', () => [images(), images([2])], /labels are float32 \[2\]/],
    ['a negative label', () => [images(), labels([0, -1])], /label 1 is negative/],
    ['no images', () => [images([0, 1, 2, 2]), labels([])], /images are float32 \[0,/],
    ['no numbers', () => [images().div(0).sub(images().div(0)), labels()], /not finite/],
  ];

  it.each(wrong)('is refused: %s', (_, content, expected) => {
    const path = join(temporaryFolder(), 'set.pt');
    savePt(path, content());
    const before = liveTensors();
    expect(() => readPair(path)).toThrow(expected);
    expect(() => readPair(path)).toThrow(path);
    expect(liveTensors()).toBe(before);
  });
});

it('is refused for code in it, and for sizes that nothing is behind', () => {
  const path = join(temporaryFolder(), 'set.pt');
  using one = images();
  using two = labels();
  writePair(path, { images: one, labels: two });
  const before = liveTensors();
  for (const [what, hostile] of hostileArchives(readFileSync(path))) {
    writeFileSync(path, hostile);
    expect(() => readPair(path), what).toThrow(UsageError);
    expect(() => readPair(path), what).toThrow(path);
  }
  expect(liveTensors()).toBe(before);
});

it('comes back as it was written', () => {
  const path = join(temporaryFolder(), 'set.pt');
  using one = images([4, 3, 5, 7]);
  using classes = labels([0, 0, 1, 1]);
  writePair(path, { images: one, labels: classes });
  const again = read(path);
  expect(again.values).toEqual([...one.toFloat32Array()]);
  expect(again.labels).toEqual([0, 0, 1, 1]);
});

const python = pythonWithTorch();
const skipped = python === undefined ? ' (skipped: no Python with PyTorch here)' : '';

describe.skipIf(python === undefined)(`with Python's PyTorch${skipped}`, () => {
  it('is a list of two tensors with the same values', () => {
    const path = join(temporaryFolder(), 'set.pt');
    using one = images([4, 1, 3, 3]);
    using classes = labels([0, 0, 1, 1]);
    writePair(path, { images: one, labels: classes });
    const told = runPython(
      'import sys, json, torch\nimages, labels = torch.load(sys.argv[1])\n' +
        'print(json.dumps([str(images.dtype), list(images.shape), images.flatten().tolist(), str(labels.dtype), labels.tolist()]))',
      path,
    );
    const values = [...one.toFloat32Array()];
    expect(JSON.parse(told)).toEqual([
      'torch.float32',
      [4, 1, 3, 3],
      values,
      'torch.int64',
      [0, 0, 1, 1],
    ]);
  });
});

/** A pair as a dataset, which checks it once more. */
function datasetOf({ images, labels }: ImagePair) {
  using ownImages = images;
  using ownLabels = labels;
  const [, channels, height, width] = images.shape as [number, number, number, number];
  return arrayDataset({
    name: 'pair',
    split: 'train',
    shape: { channels, height, width },
    pixels: ownImages.toFloat32Array(),
    labels: Array.from(ownLabels.toArray(), Number),
  });
}

describeCorruption('a pair', {
  place: async (folder) => {
    const path = join(folder, 'set.pt');
    using one = images([6, 1, 4, 4]);
    using classes = labels([0, 0, 1, 1, 2, 2]);
    writePair(path, { images: one, labels: classes });
    return path;
  },
  load: async (folder) => datasetOf(readPair(join(folder, 'set.pt'))),
});

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { computeNormalization, indicesByClass } from '../dataset/dataset.js';
import { describeCorruption } from '../testing/corruption-suite.js';
import { describeDataset } from '../testing/dataset-suite.js';
import {
  encodeIdx,
  temporaryDirectory,
  withTemporaryDirectory,
  writeMiniature,
} from '../testing/files.js';
import { loadFashionMnist, loadMnist, loadMnistLike } from './mnist.js';

describe.each([
  ['plain', {}],
  ['gzip-compressed', { compress: true }],
  ['dotted', { dotted: true }],
  ['dotted gzip-compressed', { dotted: true, compress: true }],
])('MNIST from %s files', (_, options) => {
  const load = () =>
    withTemporaryDirectory(async (root) => {
      await writeMiniature(root, options);
      return loadMnist({ root });
    });
  describeDataset('a miniature', load, {
    name: 'mnist',
    shape: [1, 3, 2],
    classes: 10,
    trainImages: 30,
    testImages: 20,
  });

  it('has the pixels and labels of the files', async () => {
    const { test } = await load();
    expect(Array.from(test.labels.subarray(8, 12))).toEqual([8, 9, 0, 1]);
    expect(Array.from(test.read([1]))).toEqual(
      [6, 7, 8, 9, 10, 11].map((i) => (i * 37 + 20) % 256),
    );
  });
});

for (const compress of [false, true]) {
  describeCorruption(`an IDX file${compress ? ', compressed' : ''}`, {
    place: async (root) => {
      await writeMiniature(root, { compress });
      return join(root, `t10k-images-idx3-ubyte${compress ? '.gz' : ''}`);
    },
    load: async (root) => (await loadMnist({ root })).test,
  });
}

describe('Fashion-MNIST as Debian packages it', () => {
  // Reached without a root, so that the default search is what is tested.
  const load = () => loadFashionMnist();
  describeDataset('the real set', load, {
    name: 'fashion-mnist',
    shape: [1, 28, 28],
    classes: 10,
    trainImages: 60_000,
    testImages: 10_000,
  });

  it('has balanced classes, and the mean and deviation that it declares', async () => {
    const { train, test } = await load();
    const sizes = (labels: Int32Array) => indicesByClass(labels, 10).map((group) => group.length);
    expect(new Set(sizes(train.labels))).toEqual(new Set([6000]));
    expect(new Set(sizes(test.labels))).toEqual(new Set([1000]));
    const computed = computeNormalization(train.read([...train.labels.keys()]), train.shape);
    expect(train.normalization.mean[0]).toBeCloseTo(computed.mean[0]!, 3);
    expect(train.normalization.std[0]).toBeCloseTo(computed.std[0]!, 3);
  });

  it('begins with an ankle boot', async () => {
    const { train } = await load();
    expect(train.classNames[train.labels[0]!]).toBe('Ankle boot');
  });
});

describe('where the files are looked for', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  async function miniatureIn(...path: string[]): Promise<string> {
    const root = await temporaryDirectory();
    await mkdir(join(root, ...path), { recursive: true });
    await writeMiniature(join(root, ...path));
    return root;
  }

  it('is the root, or the directory in it that has the name of the dataset', async () => {
    const root = await miniatureIn('fashion-mnist');
    for (const place of [root, join(root, 'fashion-mnist')]) {
      expect((await loadFashionMnist({ root: place })).train.labels).toHaveLength(30);
    }
  });

  it('is $NCFM_DATA before ./data, and ./data before the installed package', async () => {
    const shared = await miniatureIn('fashion-mnist');
    const current = await miniatureIn('data', 'fashion-mnist');
    await rm(join(shared, 'fashion-mnist', 't10k-labels-idx1-ubyte'));
    vi.stubEnv('NCFM_DATA', '');
    vi.spyOn(process, 'cwd').mockReturnValue(current);
    expect((await loadFashionMnist()).train.labels).toHaveLength(30);

    vi.stubEnv('NCFM_DATA', shared);
    await expect(loadFashionMnist()).rejects.toThrow(
      `${join(shared, 'fashion-mnist')}: some files of fashion-mnist are here, but not t10k-labels-idx1-ubyte`,
    );
  });

  it('is nowhere else when a root is given: the message lists the places and says what to do', async () => {
    const root = await temporaryDirectory();
    const fashion = await loadFashionMnist({ root }).catch((error: unknown) => error);
    expect(fashion).toBeInstanceOf(UsageError);
    const { message } = fashion as UsageError;
    expect(message).toContain(`looked in ${root}, ${join(root, 'fashion-mnist')};`);
    expect(message).toContain('apt-get install dataset-fashion-mnist');

    await expect(loadMnist({ root })).rejects.toThrow(
      'put train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte',
    );
  });
});

const loadMiniature = (directory: string) =>
  loadMnistLike({
    name: 'mini',
    classNames: [...'abcdefghij'],
    directories: [directory],
    howToGet: '',
  });

describe('loadMnistLike', () => {
  it('computes the normalisation from the training images alone unless it is given', async () => {
    const directory = await temporaryDirectory();
    await writeMiniature(directory);
    const { train, test } = await loadMiniature(directory);
    const computed = computeNormalization(train.read([...train.labels.keys()]), train.shape);
    expect(train.normalization).toEqual(computed);
    expect(test.normalization).toEqual(computed);
  });
});

describe('files that do not fit', () => {
  async function spoiled(
    file: string,
    content: Buffer,
  ): Promise<[directory: string, path: string]> {
    const directory = await temporaryDirectory();
    await writeMiniature(directory);
    await writeFile(join(directory, file), content);
    return [directory, join(directory, file)];
  }

  it('are refused when a label has no class, naming the file and the index', async () => {
    const labels = Uint8Array.from({ length: 30 }, (_, index) => (index === 17 ? 12 : index % 10));
    const [directory, path] = await spoiled('train-labels-idx1-ubyte', encodeIdx([30], labels));
    await expect(loadMiniature(directory)).rejects.toThrow(
      `${path}: label 17 is 12; expected a whole number`,
    );
  });

  it('are refused when a class has no images, naming the class', async () => {
    const [directory, path] = await spoiled(
      'train-labels-idx1-ubyte',
      encodeIdx([30], Array(30).fill(0)),
    );
    await expect(loadMiniature(directory)).rejects.toThrow(`${path}: class 1 ('b') has no images`);
  });

  it('are refused when there are more images than labels', async () => {
    const [directory, path] = await spoiled('t10k-labels-idx1-ubyte', encodeIdx([3], [0, 1, 2]));
    await expect(loadMiniature(directory)).rejects.toThrow(`20 images, but ${path} holds 3 labels`);
  });

  it('are refused when the two parts have images of different sizes', async () => {
    const images = encodeIdx([20, 1, 1], new Uint8Array(20));
    const [directory] = await spoiled('t10k-images-idx3-ubyte', images);
    await expect(loadMiniature(directory)).rejects.toThrow(
      'holds images of 1×1; expected one size',
    );
  });
});

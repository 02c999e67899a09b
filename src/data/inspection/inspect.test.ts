import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { openCachedPair } from '../cache/open-pair.js';
import { arrayDataset } from '../dataset/array-dataset.js';
import type { PictureSource } from '../decoding/picture-source.js';
import { loadDigits } from '../readers/digits.js';
import { temporaryDirectory } from '../testing/files.js';
import {
  hashClassOrder,
  type Inspectable,
  inspectableDataset,
  inspectablePictures,
  inspectDataset,
} from './inspect.js';

const shape = { channels: 2, height: 2, width: 1 };

/** Images [n, 2, 2, 1], each given by its four values. */
function part(split: string, images: number[][], labels: number[]): Inspectable {
  const pixels = Uint8Array.from(images.flat());
  const classNames = ['cat', 'dog', 'eel'];
  return { ...inspectableDataset(arrayDatasetOf(split, pixels, labels)), classNames };
}

function arrayDatasetOf(split: string, pixels: Uint8Array, labels: number[]) {
  return arrayDataset({ name: 'toy', split, shape, pixels, labels });
}

describe('an inspection', () => {
  it('counts the images of every class, and those of none', async () => {
    const images = [
      [1, 2, 3, 4],
      [2, 2, 3, 4],
      [3, 2, 3, 4],
    ];
    const { parts, classNames } = await inspectDataset([part('train', images, [0, 1, 1])]);
    expect(classNames).toEqual(['cat', 'dog', 'eel']);
    expect(parts).toHaveLength(1);
    expect(parts[0]).toMatchObject({
      split: 'train',
      images: 3,
      shape,
      bytes: 12,
      counts: [1, 2, 0],
      damaged: [],
    });
  });

  it('computes mean and population deviation of every channel', async () => {
    const images = [
      [0, 255, 51, 51],
      [0, 255, 51, 51],
    ];
    const [train] = (await inspectDataset([part('train', images, [0, 1])])).parts;
    expect(train!.mean).toEqual([0.5, 0.2]);
    expect(train!.std[0]).toBeCloseTo(0.5, 12);
    expect(train!.std[1]).toBe(0);
  });

  it('agrees with the normalisation that the readers compute', async () => {
    const { train, test } = await loadDigits();
    const report = await inspectDataset([inspectableDataset(train), inspectableDataset(test)]);
    const { mean, std, counts } = report.parts[0]!;
    expect(mean[0]).toBeCloseTo(train.normalization.mean[0]!, 10);
    expect(std[0]).toBeCloseTo(train.normalization.std[0]!, 10);
    expect(counts.reduce((sum, count) => sum + count)).toBe(1195);
    expect(report.parts[1]!.images).toBe(602);
  });

  it('takes floats as they are', async () => {
    const pixels = Float32Array.from([0, 1, 0.5, 0.5]);
    const dataset = arrayDataset({ name: 'toy', split: 'train', shape, pixels, labels: [0] });
    const [train] = (await inspectDataset([inspectableDataset(dataset)])).parts;
    expect(train).toMatchObject({ mean: [0.5, 0.5], std: [0.5, 0], bytes: 16 });
  });

  it('finds repeated pictures, within and across parts, the gravest first', async () => {
    const [a, b, c, d] = [1, 2, 3, 4].map((value) => [value, 0, 0, 0]) as [number[], ...number[][]];
    const { duplicates } = await inspectDataset([
      part('train', [a, b!, b!, c!, c!, d!], [0, 1, 1, 0, 1, 2]),
      part('test', [d!, [9, 9, 9, 9], d!], [2, 1, 0]),
    ]);
    expect(duplicates).toMatchObject({ withinParts: 3, acrossParts: 1, withDifferentLabels: 2 });
    expect(duplicates.groups).toEqual([
      {
        images: [
          { split: 'train', index: 5, label: 2 },
          { split: 'test', index: 0, label: 2 },
          { split: 'test', index: 2, label: 0 },
        ],
        labelsDiffer: true,
        crossesParts: true,
      },
      {
        images: [
          { split: 'train', index: 3, label: 0 },
          { split: 'train', index: 4, label: 1 },
        ],
        labelsDiffer: true,
        crossesParts: false,
      },
      {
        images: [
          { split: 'train', index: 1, label: 1 },
          { split: 'train', index: 2, label: 1 },
        ],
        labelsDiffer: false,
        crossesParts: false,
      },
    ]);
  });

  it('lists as many groups as asked for, and counts all', async () => {
    const images = Array.from({ length: 20 }, (_, index) => [Math.floor(index / 2), 0, 0, 0]);
    const labels = images.map(() => 0);
    const { duplicates } = await inspectDataset([part('train', images, labels)], { groups: 3 });
    expect(duplicates.withinParts).toBe(10);
    expect(duplicates.groups).toHaveLength(3);
  });

  it('names every damaged picture and goes on after it', async () => {
    const bad = new Set([0, 3, 4]);
    const source: PictureSource = {
      name: 'toy',
      split: 'train',
      shape,
      classNames: ['cat', 'dog'],
      labels: Int32Array.from([0, 0, 1, 1, 1, 1]),
      decoding: '',
      describe: (index) => `cat/${index}.png`,
      identify: async () => new Uint8Array(6 * 32),
      async decode(index) {
        if (bad.has(index)) throw new UsageError(`cat/${index}.png: it is cut off`);
        return Uint8Array.of(index, 0, 255, 255);
      },
    };
    const folder = await temporaryDirectory();
    const pair = await openCachedPair({ train: source, test: source }, { folder });
    const pictures = inspectablePictures(source, pair.train, pair.damaged.train);
    const [train] = (await inspectDataset([pictures])).parts;
    expect(train!.damaged).toEqual(
      [...bad].map((index) => ({
        index,
        place: `cat/${index}.png`,
        reason: `cat/${index}.png: it is cut off`,
      })),
    );
    expect(train!.counts).toEqual([2, 4]);
    expect(train!.mean[0]).toBeCloseTo((1 + 2 + 5) / 6 / 255, 12);
    expect(train!.mean[1]).toBe(1);
  });

  it('tells how far it is, and stops when told to', async () => {
    const large = { channels: 3, height: 600, width: 600 };
    const pixels = new Uint8Array(9 * 3 * 600 * 600);
    const options = { name: 'toy', split: 'train', shape: large, pixels };
    const dataset = arrayDataset({ ...options, labels: [0, 0, 0, 0, 0, 0, 0, 0, 0] });
    const seen: [number, number][] = [];
    const parts = [inspectableDataset(dataset)];
    await inspectDataset(parts, { onProgress: (done, total) => seen.push([done, total]) });
    expect(seen).toEqual([
      [3, 9],
      [6, 9],
      [9, 9],
    ]);
    const controller = new AbortController();
    const reason = new Error('enough');
    const onProgress = () => controller.abort(reason);
    const running = inspectDataset(parts, { onProgress, signal: controller.signal });
    await expect(running).rejects.toBe(reason);
  });
});

describe('the hash of the class order', () => {
  it('is that of the names in order, and of nothing else', () => {
    // printf '["cat","dog"]' | sha256sum
    expect(hashClassOrder(['cat', 'dog'])).toBe(
      '07bdda6536300f70cd3ae02db4e242d6c8ebf7609da98970c67bb4753e900c38',
    );
    expect(hashClassOrder(['dog', 'cat'])).not.toBe(hashClassOrder(['cat', 'dog']));
    expect(hashClassOrder(['a,b'])).not.toBe(hashClassOrder(['a', 'b']));
  });
});

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolders, type LoadOptions, notFound } from '../catalog/data-folders.js';
import { arrayDataset } from '../dataset/array-dataset.js';
import type { Dataset, DatasetPair } from '../dataset/dataset.js';
import { type MatArray, parseMat } from '../formats/mat5.js';
import { parsing, readWholeFile } from '../formats/read-file.js';
import { digitNames } from './mnist.js';

const customaryNormalization = { mean: [0.4377, 0.4438, 0.4728], std: [0.198, 0.201, 0.197] };

const fileNames = { train: 'train_32x32.mat', test: 'test_32x32.mat' } as const;

/**
 * SVHN, cropped: 73,257 + 26,032 digits of house numbers, 32×32, in 10 classes (Netzer et al., 2011). The files call the
 * digit 0 class 10; here it is class 0.
 *
 * @throws UsageError if the files are missing, naming every place searched, or damaged.
 */
export async function loadSvhn({ root }: LoadOptions = {}): Promise<DatasetPair> {
  const folders = dataFolders('svhn', { root });
  const folder = folders.find((place) =>
    Object.values(fileNames).every((file) => existsSync(join(place, file))),
  );
  if (folder === undefined) {
    throw notFound('svhn', folders);
  }
  return {
    train: await readPart('train', join(folder, fileNames.train)),
    test: await readPart('test', join(folder, fileNames.test)),
  };
}

async function readPart(split: 'train' | 'test', path: string): Promise<Dataset> {
  const bytes = await readWholeFile(path);
  const { images, labels } = await parsing(path, () => arraysOf(parseMat(bytes)));
  const [height, width, channels, count] = images.shape as [number, number, number, number];
  return arrayDataset({
    name: 'svhn',
    split,
    shape: { channels, height, width },
    pixels: rowMajor(images.values as Uint8Array, { height, width, planes: channels * count }),
    labels: Array.from(labels.values, (label) => (label === 10 ? 0 : label === 0 ? -1 : label)),
    classNames: digitNames,
    normalization: customaryNormalization,
    source: { pixels: `${path}: X`, labels: `${path}: y` },
  });
}

function arraysOf(arrays: ReadonlyMap<string, MatArray>) {
  const [images, labels] = [arrays.get('X'), arrays.get('y')];
  if (images === undefined || labels === undefined) {
    throw new Error(
      `expected arrays X and y; found ${[...arrays.keys()].join(', ') || 'none'}; get the file again`,
    );
  }
  // MATLAB drops a last dimension of 1.
  const [height, width, channels, count = 1] = images.shape;
  if (channels !== 3 || images.shape.length > 4 || !(images.values instanceof Uint8Array)) {
    throw new Error(
      `X is ${images.shape.join(' × ')}; expected bytes, height × width × 3 × images`,
    );
  }
  if (labels.values.length !== count) {
    throw new Error(`y has ${labels.values.length} labels for ${count} images`);
  }
  return { images: { ...images, shape: [height!, width!, channels, count] }, labels };
}

/** Every plane is stored column by column. */
function rowMajor(
  values: Uint8Array,
  { height, width, planes }: { height: number; width: number; planes: number },
): Uint8Array {
  const pixels = new Uint8Array(values.length);
  for (let plane = 0; plane < planes; plane++) {
    const start = plane * height * width;
    for (let column = 0; column < width; column++) {
      for (let row = 0; row < height; row++) {
        pixels[start + row * width + column] = values[start + column * height + row]!;
      }
    }
  }
  return pixels;
}

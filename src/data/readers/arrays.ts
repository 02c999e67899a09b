import { basename, extname } from 'node:path';
import { loadSafetensors, scope, UsageError } from '../../tensor/index.js';
import { arrayDataset } from '../array-dataset.js';
import type { Dataset, DatasetPair, ImageShape, Normalization, Pixels } from '../dataset.js';
import type { NumberArray, NumpyArray } from '../formats/npy.js';
import { parseNpz } from '../formats/npz.js';
import { parsing, readWholeFile } from '../formats/read-file.js';
import { holdOutTest } from './hold-out-test.js';

/** How {@link loadArrays} reads a file of arrays. */
export interface ArraysOptions {
  /** Default: the file's name without its ending. */
  readonly name?: string;
  /** The share of every class that is held out if the file has no test part, in (0, 1). Default: 0.2. */
  readonly testShare?: number;
}

/** Names of the images' and labels' arrays, for training and for testing; the first found is taken. */
const PARTS = {
  pair: [
    [
      ['x_train', 'y_train'],
      ['x_test', 'y_test'],
    ],
    [
      ['train_images', 'train_labels'],
      ['test_images', 'test_labels'],
    ],
  ],
  whole: [
    ['images', 'labels'],
    ['x', 'y'],
    ['X', 'y'],
    ['data', 'labels'],
    ['data', 'targets'],
  ],
} as const;

const EXPECTED =
  "expected arrays named 'images' and 'labels'; or x_train, y_train, x_test and y_test; or train_images, " +
  'train_labels, test_images and test_labels';

/**
 * A dataset in one file of arrays: NumPy's `.npz` (Keras' and MedMNIST's names are known) or `.safetensors`. Images are
 * [n, h, w], [n, h, w, c] or [n, c, h, w] with c 1 or 3: integers from 0 to 255, or floats in [0, 1]. Labels are whole
 * numbers from 0, [n] or [n, 1]. A safetensors file may name its classes in its metadata: `class_names`, a JSON list.
 *
 * @throws UsageError naming the file and the array that is missing, damaged or does not fit.
 */
export async function loadArrays(path: string, options: ArraysOptions = {}): Promise<DatasetPair> {
  const { name = basename(path, extname(path)), testShare = 0.2 } = options;
  const { arrays, build } = await openArrays(path, name);
  const pair = PARTS.pair.find((parts) => parts.flat().every((part) => arrays.has(part)));
  if (pair !== undefined) {
    const train = build('train', pair[0]);
    return { train, test: build('test', pair[1], train) };
  }
  return holdOutTest(build('train', wholePart(arrays, path)), testShare);
}

/**
 * Every image of a file of arrays as one dataset, of which nothing is held out; a test part of its own is left out.
 *
 * @throws UsageError as {@link loadArrays} does.
 */
export async function loadWholeArrays(path: string): Promise<Dataset> {
  const { arrays, build } = await openArrays(path, basename(path, extname(path)));
  const pair = PARTS.pair.find(([train]) => train.every((part) => arrays.has(part)));
  return build('train', pair === undefined ? wholePart(arrays, path) : pair[0]);
}

async function openArrays(path: string, name: string) {
  const { arrays, classNames } = await readArrays(path);
  const names = classNames === undefined ? {} : { classNames };
  const build = (split: string, [images, labels]: readonly [string, string], train?: Dataset) =>
    datasetOf(arrays, { path, name, split, images, labels, ...names, ...(train && { train }) });
  return { arrays, build };
}

function wholePart(
  arrays: ReadonlyMap<string, NumpyArray>,
  path: string,
): readonly [images: string, labels: string] {
  const whole = PARTS.whole.find((part) => part.every((array) => arrays.has(array)));
  if (whole !== undefined) return whole;
  const found = [...arrays.keys()].join(', ') || 'none';
  throw new UsageError(`${path}: ${EXPECTED}; found ${found}.`);
}

interface Arrays {
  readonly arrays: ReadonlyMap<string, NumpyArray>;
  readonly classNames?: readonly string[];
}

const KNOWN: ReadonlySet<string> = new Set([...PARTS.pair.flat(2), ...PARTS.whole.flat()]);

async function readArrays(path: string): Promise<Arrays> {
  if (path.endsWith('.safetensors')) return readSafetensors(path);
  const bytes = await readWholeFile(path);
  return { arrays: await parsing(path, () => parseNpz(bytes, (name) => KNOWN.has(name))) };
}

function readSafetensors(path: string): Arrays {
  const file = loadSafetensors(path);
  const arrays = new Map(
    [...file.tensors].map(([name, tensor]): [string, NumpyArray] => {
      using owned = tensor;
      const plain = scope(() => {
        const half = owned.dtype === 'float16' || owned.dtype === 'bfloat16';
        return (half ? owned.to('float32') : owned).toArray();
      });
      return [name, { shape: tensor.shape, values: plain as NumberArray }];
    }),
  );
  const { class_names: listed } = file.metadata;
  if (listed === undefined) return { arrays };
  try {
    const names: unknown = JSON.parse(listed);
    if (Array.isArray(names) && names.every((item) => typeof item === 'string')) {
      return { arrays, classNames: names };
    }
  } catch {
    // Said below.
  }
  throw new UsageError(`${path}: class_names in its metadata is no JSON list of texts`);
}

interface Part {
  readonly path: string;
  readonly name: string;
  readonly split: string;
  /** Names of the arrays. */
  readonly images: string;
  readonly labels: string;
  readonly classNames?: readonly string[];
  /** A test part has the classes and the normalisation of its training part. */
  readonly train?: Dataset;
}

function datasetOf(arrays: ReadonlyMap<string, NumpyArray>, part: Part): Dataset {
  const { path, name, split, train } = part;
  const source = { pixels: `${path}: ${part.images}`, labels: `${path}: ${part.labels}` };
  const { shape, pixels } = imagesOf(arrays.get(part.images)!, source.pixels);
  const { normalization, classNames = part.classNames } = train ?? ({} as Partial<Dataset>);
  if (train !== undefined && JSON.stringify(shape) !== JSON.stringify(train.shape)) {
    throw new UsageError(
      `${source.pixels} are ${describe(shape)}, the training images ${describe(train.shape)}; expected one size.`,
    );
  }
  return arrayDataset({
    name,
    split,
    shape,
    pixels,
    labels: labelsOf(arrays.get(part.labels)!, source.labels),
    ...(classNames && { classNames }),
    ...(normalization && { normalization: normalization as Normalization }),
    source,
  });
}

function describe({ channels, height, width }: ImageShape): string {
  return `${channels}×${height}×${width}`;
}

/** Images as [n, c, h, w], bytes or floats in [0, 1]. */
function imagesOf(
  { shape, values }: NumpyArray,
  source: string,
): { shape: ImageShape; pixels: Pixels } {
  const pixels = pixelsOf(values, source);
  const [count = 0, a = 0, b = 0, c = 0] = shape;
  if (shape.length === 3) return { shape: { channels: 1, height: a, width: b }, pixels };
  const [first, last] = [a === 1 || a === 3, c === 1 || c === 3];
  if (shape.length !== 4 || first === last) {
    const found = `it is ${shape.join(' × ') || 'a single number'}`;
    throw new UsageError(
      first && last && shape.length === 4
        ? `${source}: ${found}: either its second or its last axis could be the channels. Save it as [n, h, w] or with sides other than 1 and 3.`
        : `${source}: ${found}; expected [n, h, w], [n, h, w, c] or [n, c, h, w] with 1 or 3 channels.`,
    );
  }
  if (first) return { shape: { channels: a, height: b, width: c }, pixels };
  return {
    shape: { channels: c, height: a, width: b },
    pixels: channelsFirst(pixels, { count, channels: c, plane: a * b }),
  };
}

function pixelsOf(values: NumberArray, source: string): Pixels {
  if (values instanceof Uint8Array || values instanceof Float32Array) return values;
  if (values instanceof Float64Array) return Float32Array.from(values);
  const bytes = new Uint8Array(values.length);
  for (const [index, value] of values.entries()) {
    bytes[index] = Number(value);
    if (BigInt(bytes[index]!) !== BigInt(value)) {
      throw new UsageError(
        `${source}: value ${index} is ${value}; expected whole numbers from 0 to 255, or floats from 0 to 1.`,
      );
    }
  }
  return bytes;
}

function channelsFirst(
  pixels: Pixels,
  { count, channels, plane }: { count: number; channels: number; plane: number },
): Pixels {
  const result = pixels.slice();
  for (let image = 0; image < count; image++) {
    const start = image * channels * plane;
    for (let channel = 0; channel < channels; channel++) {
      for (let place = 0; place < plane; place++) {
        result[start + channel * plane + place] = pixels[start + place * channels + channel]!;
      }
    }
  }
  return result;
}

function labelsOf({ shape, values }: NumpyArray, source: string): number[] {
  const flat = shape.length === 1 || (shape.length === 2 && shape[1] === 1);
  if (!flat) {
    throw new UsageError(
      `${source}: it is ${shape.join(' × ') || 'a single number'}; expected one class number per image, [n] or [n, 1].`,
    );
  }
  return Array.from(values as ArrayLike<number | bigint>, Number);
}

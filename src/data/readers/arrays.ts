import { basename, extname } from 'node:path';
import type { ImageShape } from '../../core/image-shape.js';
import { UsageError } from '../../core/index.js';
import { loadSafetensors, scope } from '../../tensor/index.js';
import { arrayDataset } from '../dataset/array-dataset.js';
import type { Dataset, DatasetPair } from '../dataset/dataset.js';
import type { NumberArray, NumpyArray, NumpyTexts } from '../formats/npy.js';
import { parseNpz } from '../formats/npz.js';
import { parsing, readWholeFile } from '../formats/read-file.js';
import { type Classes, classesOf, positionsOf, readLabels } from './array-labels.js';
import {
  type ArrayNames,
  type ArrayParts,
  classNameArrays,
  expectedArrays,
  findArrayParts,
} from './array-parts.js';
import { type Images, readImages } from './array-pixels.js';
import { holdOutTest } from './hold-out-test.js';
import { describeUnused } from './notes.js';
import { validationTested } from './part-names.js';

export interface ArraysOptions {
  /** Default: the file's name without its ending. */
  readonly name?: string;
  /** The share of every class that is held out if the file has no test part, in (0, 1). Default: 0.2. */
  readonly testShare?: number;
  /** Told how arrays were understood, where that is not plain. */
  readonly onNote?: (message: string) => void;
}

/**
 * A dataset in one file of arrays: NumPy's `.npz` or `.safetensors`, with the names that `findArrayParts` knows.
 * Images are [n, h, w], [n, h, w, c] or [n, c, h, w] with c 1 or 3: integers from 0 to 255, or floats in [0, 1] or
 * [0, 255]. Labels are whole numbers or names, [n] or [n, 1], or one-hot, [n, classes]; numbers that do not run from 0
 * without gaps are classes in their order. A test part may lack a class. Classes may be named: by an array
 * `class_names` or `target_names`, or a safetensors file's metadata `class_names`, a JSON list.
 *
 * @throws UsageError naming the file and the array that is missing, damaged or does not fit.
 */
export async function loadArrays(path: string, options: ArraysOptions = {}): Promise<DatasetPair> {
  const { name = basename(path, extname(path)), testShare = 0.2, onNote = () => {} } = options;
  const file = await openArrays(path, name, onNote);
  const { train: training, test: testing, testIsValidation, unused, ignored } = file.parts;
  if (ignored.length > 0) onNote(`${path}: not read: ${ignored.join(', ')}`);
  if (testing === undefined) {
    return holdOutTest(datasetsOf(file, [training])[0]!, testShare, path, onNote);
  }
  if (testIsValidation) onNote(`${validationTested}: ${testing.images}`);
  for (const note of describeUnused(unused)) onNote(note);
  const [train, test] = datasetsOf(file, [training, testing]);
  return { train: train!, test: test! };
}

/**
 * Every image of a file of arrays as one dataset, of which nothing is held out; a test part of its own is left out.
 *
 * @throws UsageError as `loadArrays` does.
 */
export async function loadWholeArrays(path: string): Promise<Dataset> {
  const file = await openArrays(path, basename(path, extname(path)), () => {});
  return datasetsOf(file, [file.parts.train])[0]!;
}

type AnyArray = NumpyArray | NumpyTexts;

interface ArrayFile {
  readonly path: string;
  readonly name: string;
  readonly arrays: ReadonlyMap<string, AnyArray>;
  readonly classNames?: readonly string[] | undefined;
  readonly parts: ArrayParts;
  readonly onNote: (message: string) => void;
}

async function openArrays(
  path: string,
  name: string,
  onNote: (message: string) => void,
): Promise<ArrayFile> {
  const { arrays, found, classNames } = path.endsWith('.safetensors')
    ? readSafetensors(path)
    : await readNpz(path);
  const parts = await parsing(path, () => findArrayParts(found));
  if (parts !== undefined) return { path, name, arrays, classNames, parts, onNote };
  throw new UsageError(`${path}: ${expectedArrays}; found ${found.join(', ') || 'none'}`);
}

interface Arrays {
  readonly arrays: ReadonlyMap<string, AnyArray>;
  /** Names of all arrays, also of those that were not read. */
  readonly found: readonly string[];
  readonly classNames?: readonly string[] | undefined;
}

async function readNpz(path: string): Promise<Arrays> {
  const bytes = await readWholeFile(path);
  return parsing(path, async () => {
    const found: string[] = [];
    await parseNpz(bytes, (name) => {
      found.push(name);
      return false;
    });
    const parts = findArrayParts(found);
    const wanted = new Set(
      [parts?.train, parts?.test].flatMap((part) => Object.values(part ?? {})),
    );
    const isName = (name: string) => classNameArrays.some((known) => known === name);
    const arrays = await parseNpz(bytes, (name) => wanted.has(name) || isName(name));
    return { arrays, found, classNames: listedNames(arrays) };
  });
}

function listedNames(arrays: ReadonlyMap<string, AnyArray>): readonly string[] | undefined {
  const found = classNameArrays.map((name) => arrays.get(name)).find(Boolean);
  if (found === undefined) return undefined;
  if ('texts' in found) return found.texts;
  return Array.from(found.values as ArrayLike<number | bigint>, String);
}

function readSafetensors(path: string): Arrays {
  const file = loadSafetensors(path);
  const arrays = new Map(
    [...file.tensors].map(([name, tensor]): [string, AnyArray] => {
      using owned = tensor;
      const plain = scope(() => {
        const half = owned.dtype === 'float16' || owned.dtype === 'bfloat16';
        return (half ? owned.to('float32') : owned).toArray();
      });
      return [name, { shape: tensor.shape, values: plain as NumberArray }];
    }),
  );
  const { class_names: listed } = file.metadata;
  const found = [...arrays.keys()];
  if (listed === undefined) return { arrays, found };
  try {
    const names: unknown = JSON.parse(listed);
    if (Array.isArray(names) && names.every((item) => typeof item === 'string')) {
      return { arrays, found, classNames: names };
    }
  } catch {
    // Said below.
  }
  throw new UsageError(`${path}: class_names in its metadata is no JSON list of texts`);
}

/** The datasets of a training part and, where it is given, a test part, which has the classes and scale of the first. */
function datasetsOf(file: ArrayFile, parts: readonly ArrayNames[]): Dataset[] {
  const { path, name, arrays, classNames, onNote } = file;
  const images = readImages(
    parts.map(({ images: name }) => ({
      array: numbers(file, name),
      name,
      source: `${path}: ${name}`,
    })),
    (note) => onNote(`${path}: ${note}`),
  );
  let classes: Classes | undefined;
  const datasets: Dataset[] = [];
  for (const [index, part] of parts.entries()) {
    const source = { pixels: `${path}: ${part.images}`, labels: `${path}: ${part.labels}` };
    const labels = readLabels(arrays.get(part.labels)!, source.labels, onNote);
    classes ??= classesOf(labels, classNames, source.labels, onNote);
    const [train] = datasets;
    if (train !== undefined) checkSameShape(images[index]!, train, source.pixels);
    const dataset = arrayDataset({
      name,
      split: index === 0 ? 'train' : 'test',
      ...images[index]!,
      labels: positionsOf(labels, classes, source.labels),
      classNames: classes.names,
      allowEmptyClasses: train !== undefined,
      ...(train && { normalization: train.normalization }),
      source,
    });
    if (train !== undefined) tellMissing(dataset, source.labels, onNote);
    datasets.push(dataset);
  }
  return datasets;
}

function numbers({ path, arrays }: ArrayFile, name: string): NumpyArray {
  const array = arrays.get(name)!;
  if ('values' in array) return array;
  throw new UsageError(`${path}: ${name}: it holds texts; expected images`);
}

function checkSameShape({ shape }: Images, train: Dataset, source: string): void {
  if (JSON.stringify(shape) === JSON.stringify(train.shape)) return;
  throw new UsageError(
    `${source} are ${describe(shape)}, the training images ${describe(train.shape)}; expected one size`,
  );
}

function tellMissing(
  { classNames, labels }: Dataset,
  source: string,
  onNote: (message: string) => void,
): void {
  const present = new Set(labels);
  const missing = classNames.filter((_, label) => !present.has(label));
  if (missing.length === 0) return;
  const listed = `${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''}`;
  onNote(
    `${source}: ${missing.length} of ${classNames.length} classes have no test image (${listed}): accuracies say nothing about them`,
  );
}

function describe({ channels, height, width }: ImageShape): string {
  return `${channels}×${height}×${width}`;
}

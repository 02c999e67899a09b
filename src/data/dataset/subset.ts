import { UsageError } from '../../core/errors.js';
import type { PermutationSource } from './class-sampler.js';
import { type Dataset, datasetOf, hashDataset, indicesByClass, type Pixels } from './dataset.js';
import { checkIndices } from './indices.js';

/** Bounds the memory that hashing a view takes. */
const imagesPerChunk = 1024;

/**
 * A view of some of a dataset's images, in the order given. It keeps the parent's class names and
 * normalisation, so that parts of one set are treated alike; a class may be missing from it.
 *
 * @param split what to call the part.
 * @throws UsageError if there are no indices, or one is not an integer in 0..images-1.
 */
export function subset(dataset: Dataset, indices: ArrayLike<number>, split: string): Dataset {
  const parent = `${dataset.name} ${dataset.split}`;
  if (indices.length === 0) {
    throw new UsageError(`${parent}: the subset '${split}' is empty; give at least one index`);
  }
  checkIndices(indices, dataset.labels.length, parent);
  const chosen = Int32Array.from(indices);
  const labels = chosen.map((index) => dataset.labels[index]!);
  return view(dataset, chosen, { split, classNames: dataset.classNames, labels });
}

/**
 * A view of the images of some classes, which are numbered 0, 1, … in the order given. Images keep the parent's order,
 * names of classes and normalisation; the hash is the view's own, over the new labels and the images in it.
 *
 * @param classes numbers of the parent's classes, each at most once
 * @throws UsageError if there are no classes, one is not the parent's or is given twice, or none has an image.
 */
export function classSubset(dataset: Dataset, classes: readonly number[]): Dataset {
  checkClasses(dataset, classes);
  const groups = indicesByClass(dataset.labels, dataset.classNames.length);
  const chosen = Int32Array.from(classes.flatMap((label) => Array.from(groups[label]!))).sort();
  const { labels } = subset(dataset, chosen, dataset.split);
  const numbers = new Map(classes.map((label, number) => [label, number]));
  return view(dataset, chosen, {
    split: dataset.split,
    classNames: classes.map((label) => dataset.classNames[label]!),
    labels: labels.map((label) => numbers.get(label)!),
  });
}

/** The parent's images at `chosen`, under another description. */
function view(
  parent: Dataset,
  chosen: Int32Array,
  own: Pick<Dataset, 'split' | 'classNames' | 'labels'>,
): Dataset {
  const { name, shape, normalization, whitening } = parent;
  return datasetOf(
    { name, shape, normalization, ...(whitening && { whitening }), ...own },
    () => hashDataset(shape, own.labels, readInChunks(parent, chosen)),
    (positions) => parent.read(Int32Array.from(positions, (position) => chosen[position]!)),
  );
}

function* readInChunks(dataset: Dataset, indices: Int32Array): Generator<Pixels> {
  for (let start = 0; start < indices.length; start += imagesPerChunk) {
    yield dataset.read(indices.subarray(start, start + imagesPerChunk));
  }
}

function checkClasses({ name, classNames }: Dataset, classes: readonly number[]): void {
  if (classes.length === 0) {
    throw new UsageError(`${name}: no class was chosen; give at least one`);
  }
  for (const [position, label] of classes.entries()) {
    if (!Number.isInteger(label) || label < 0 || label >= classNames.length) {
      throw new UsageError(
        `${name}: class ${label} (at position ${position}) does not exist; ` +
          `expected a whole number from 0 to ${classNames.length - 1}`,
      );
    }
    if (classes.indexOf(label) !== position) {
      throw new UsageError(`${name}: class ${label} is given twice (at position ${position})`);
    }
  }
}

export interface SplitOptions {
  /** The share of each class's images that goes to validation, between 0 and 1 (both excluded). */
  readonly fraction: number;
  readonly random: PermutationSource;
  /** What the held-out part is called. Default: `validation`. */
  readonly split?: string;
}

/**
 * Divides a dataset at random into a training and a validation part, each class in the same
 * proportion (rounded to whole images, at least one on either side). Both keep the images' order.
 * The same generator state gives the same parts.
 *
 * @throws UsageError if the fraction is out of range or a class has only one image.
 */
export function splitDataset(
  dataset: Dataset,
  { fraction, random, split = 'validation' }: SplitOptions,
): { readonly train: Dataset; readonly validation: Dataset } {
  const parent = `${dataset.name} ${dataset.split}`;
  if (!(fraction > 0 && fraction < 1)) {
    throw new UsageError(
      `${parent}: the ${split} share is ${fraction}; expected a number between 0 and 1, such as 0.1`,
    );
  }
  const train: number[] = [];
  const validation: number[] = [];
  const groups = indicesByClass(dataset.labels, dataset.classNames.length);
  for (const [label, members] of groups.entries()) {
    if (members.length === 0) continue;
    if (members.length === 1) {
      throw new UsageError(
        `${parent}: class ${label} ('${dataset.classNames[label]}') has one image; ` +
          'dividing it takes at least two: add images of it, or leave the class out',
      );
    }
    const held = clamp(Math.round(members.length * fraction), 1, members.length - 1);
    random.permutation(members.length).forEach((position, rank) => {
      (rank < held ? validation : train).push(members[position]!);
    });
  }
  return {
    train: subset(dataset, Int32Array.from(train).sort(), dataset.split),
    validation: subset(dataset, Int32Array.from(validation).sort(), split),
  };
}

function clamp(value: number, lowest: number, highest: number): number {
  return Math.min(Math.max(value, lowest), highest);
}

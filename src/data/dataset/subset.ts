import { UsageError } from '../../core/errors.js';
import type { PermutationSource } from './class-sampler.js';
import { type Dataset, hashDataset, indicesByClass, type Pixels } from './dataset.js';
import { checkIndices } from './indices.js';

/** Bounds the memory that hashing a subset takes. */
const imagesPerHashChunk = 1024;

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
    throw new UsageError(`${parent}: the subset '${split}' is empty; give at least one index.`);
  }
  checkIndices(indices, dataset.labels.length, parent);
  const chosen = Int32Array.from(indices);
  const labels = chosen.map((index) => dataset.labels[index]!);

  let hash: string | undefined;
  return {
    name: dataset.name,
    split,
    shape: dataset.shape,
    classNames: dataset.classNames,
    normalization: dataset.normalization,
    labels,
    get hash() {
      hash ??= hashDataset(dataset.shape, labels, readInChunks(dataset, chosen));
      return hash;
    },
    read(positions) {
      checkIndices(positions, chosen.length, `${dataset.name} ${split}`);
      return dataset.read(Int32Array.from(positions, (position) => chosen[position]!));
    },
  };
}

/** The images at `indices`, a chunk at a time. */
export function* readInChunks(dataset: Dataset, indices: Int32Array): Generator<Pixels> {
  for (let start = 0; start < indices.length; start += imagesPerHashChunk) {
    yield dataset.read(indices.subarray(start, start + imagesPerHashChunk));
  }
}

/** How `splitDataset` divides. */
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
      `${parent}: the ${split} share is ${fraction}; expected a number between 0 and 1, such as 0.1.`,
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
          'dividing it takes at least two. Add images of it, or leave the class out.',
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

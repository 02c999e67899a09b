import { UsageError } from '../../core/errors.js';
import { type Dataset, hashDataset, indicesByClass } from './dataset.js';
import { readInChunks, subset } from './subset.js';

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
  const images = subset(dataset, chosen, dataset.split);
  const numbers = new Map(classes.map((label, number) => [label, number]));
  const labels = images.labels.map((label) => numbers.get(label)!);

  let hash: string | undefined;
  return {
    name: dataset.name,
    split: dataset.split,
    shape: dataset.shape,
    classNames: classes.map((label) => dataset.classNames[label]!),
    normalization: dataset.normalization,
    labels,
    get hash() {
      hash ??= hashDataset(dataset.shape, labels, readInChunks(dataset, chosen));
      return hash;
    },
    read: (indices) => images.read(indices),
  };
}

function checkClasses({ name, classNames }: Dataset, classes: readonly number[]): void {
  if (classes.length === 0)
    throw new UsageError(`${name}: no class was chosen; give at least one.`);
  for (const [position, label] of classes.entries()) {
    if (!Number.isInteger(label) || label < 0 || label >= classNames.length) {
      throw new UsageError(
        `${name}: class ${label} (at position ${position}) does not exist; ` +
          `expected a whole number from 0 to ${classNames.length - 1}.`,
      );
    }
    if (classes.indexOf(label) !== position) {
      throw new UsageError(`${name}: class ${label} is given twice (at position ${position}).`);
    }
  }
}

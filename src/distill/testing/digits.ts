import { arrayDataset, type Dataset } from '../../data/index.js';
import { loadDigits } from '../../data/reading.js';

/** Real 8×8 digits: the first `perClass` training images of each of the classes 0 to `classes` − 1. */
export async function fewDigits(classes: number, perClass: number): Promise<Dataset> {
  const { train } = await loadDigits();
  const chosen = Array.from({ length: classes }, (_, label) =>
    Array.from(train.labels.keys())
      .filter((index) => train.labels[index] === label)
      .slice(0, perClass),
  ).flat();
  return arrayDataset({
    name: 'few digits',
    split: 'train',
    shape: train.shape,
    pixels: train.read(chosen),
    labels: chosen.map((index) => train.labels[index]!),
    classNames: train.classNames.slice(0, classes),
  });
}

/** The same dataset, remembering which images are read. */
export function watched(dataset: Dataset): {
  readonly dataset: Dataset;
  readonly reads: number[][];
} {
  const reads: number[][] = [];
  return {
    reads,
    dataset: {
      ...dataset,
      read(indices) {
        reads.push(Array.from(indices));
        return dataset.read(indices);
      },
    },
  };
}

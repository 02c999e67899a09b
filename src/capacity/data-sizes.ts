import type { Dataset } from '../data/index.js';

/** The sizes of a dataset. */
export interface DataSizes {
  readonly shape: Dataset['shape'];
  readonly classes: number;
  readonly trainImages: number;
  readonly testImages: number;
  /** Images of the largest class. */
  readonly largestClass: number;
  /** Bytes of a stored pixel: 1 or 4. */
  readonly pixelBytes: number;
}

/** The sizes of a dataset, of which `test` may be missing. */
export function dataSizes(train: Dataset, test?: Dataset): DataSizes {
  const { labels, classNames, shape } = train;
  const counts = new Array<number>(classNames.length).fill(0);
  for (const label of labels) counts[label]! += 1;
  return {
    shape,
    classes: classNames.length,
    trainImages: labels.length,
    testImages: test?.labels.length ?? 0,
    largestClass: Math.max(...counts),
    pixelBytes: train.read([0]).BYTES_PER_ELEMENT,
  };
}

/** Bytes of a dataset in memory: its pixels and its labels. */
export function dataBytes({ trainImages, testImages, shape, pixelBytes }: DataSizes): number {
  const image = shape.channels * shape.height * shape.width * pixelBytes;
  return (trainImages + testImages) * (image + Int32Array.BYTES_PER_ELEMENT);
}

import { type Dataset, type DatasetPair, splitDataset } from '../data/index.js';
import { RandomGenerator } from '../tensor/index.js';

/** The held-out images are the same for every seed of a run, so that runs are compared on the same images. */
const validationSeed = 0;

/** Two parts of training images: those to train on, and a share of every class to measure on, the same at every call. */
export function holdOut(train: Dataset, fraction: number): DatasetPair {
  const random = new RandomGenerator(validationSeed);
  const parts = splitDataset(train, { fraction, random });
  return { train: parts.train, test: parts.validation };
}

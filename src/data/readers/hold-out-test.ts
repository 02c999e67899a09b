import { RandomGenerator } from '../../tensor/index.js';
import type { Dataset, DatasetPair } from '../dataset.js';
import { splitDataset } from '../subset.js';

/** The same images are held out whatever the run's seed, so that runs are compared on the same images. */
const SEED = 0;

/**
 * A dataset without a test part, divided: the given share of every class is held out for testing. The division depends
 * on nothing but the number of images of each class.
 *
 * @param share in (0, 1)
 * @throws UsageError if the share is out of range or a class has only one image.
 */
export function holdOutTest(dataset: Dataset, share: number): DatasetPair {
  const random = new RandomGenerator(SEED);
  const { train, validation } = splitDataset(dataset, { fraction: share, random, split: 'test' });
  return { train, test: validation };
}

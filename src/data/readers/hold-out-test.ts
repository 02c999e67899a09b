import { UsageError } from '../../core/index.js';
import { RandomGenerator } from '../../tensor/index.js';
import { type Dataset, type DatasetPair, indicesByClass } from '../dataset/dataset.js';
import { splitDataset } from '../dataset/subset.js';
import { describeHeldOut } from './notes.js';

/** The same images are held out whatever the run's seed, so that runs are compared on the same images. */
const seed = 0;

/**
 * A dataset without a test part, divided: the given share of every class is held out for testing. The division depends
 * on nothing but the number of images of each class.
 *
 * @param share in (0, 1)
 * @param place where the dataset is, for errors
 * @param onNote told how many images are held out
 * @throws UsageError if the share is out of range or a class has only one image.
 */
export function holdOutTest(
  dataset: Dataset,
  share: number,
  place: string,
  onNote: (message: string) => void,
): DatasetPair {
  const { classNames, labels } = dataset;
  const single = indicesByClass(labels, classNames.length).findIndex(({ length }) => length === 1);
  if (single >= 0) {
    throw new UsageError(
      `${place}: class '${classNames[single]}' has one image; expected at least 2, as one is held out for testing; ` +
        'add images of it, or a test part',
    );
  }
  const random = new RandomGenerator(seed);
  const { train, validation } = splitDataset(dataset, { fraction: share, random, split: 'test' });
  onNote(describeHeldOut(train.labels.length, validation.labels.length, share));
  return { train, test: validation };
}

import { type DatasetPair, loadDataset, splitDataset } from '../data/index.js';
import { RandomGenerator, requireDevice, setThreads } from '../tensor/index.js';
import type { DatasetChoice, Plan } from './plan.js';

/** The held-out images are the same for every seed of a run, so that runs are compared on the same images. */
const validationSeed = 0;

/**
 * The training and the evaluation images of a plan: the dataset's own parts, or, with a validation share, two parts of
 * its training images.
 */
export async function loadParts({ name, root, validation }: DatasetChoice): Promise<DatasetPair> {
  const pair = await loadDataset(name, root === undefined ? {} : { root });
  if (validation === 0) return pair;
  const parts = splitDataset(pair.train, {
    fraction: validation,
    random: new RandomGenerator(validationSeed),
  });
  return { train: parts.train, test: parts.validation };
}

/** Sets the engine up for a plan and returns the generator that everything random in the run derives from. */
export function startEngine({
  device,
  threads,
  seed,
}: Pick<Plan, 'device' | 'threads' | 'seed'>): RandomGenerator {
  requireDevice(device);
  setThreads(threads);
  return new RandomGenerator(seed, device);
}

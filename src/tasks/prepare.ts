import {
  type Dataset,
  type DatasetPair,
  indicesByClass,
  loadDataset,
  splitDataset,
} from '../data/index.js';
import { checkFormation, decodedPerClass } from '../distill/index.js';
import { buildModel } from '../models/index.js';
import { RandomGenerator, requireDevice, setThreads, UsageError } from '../tensor/index.js';
import type { DistillOptions } from './distill.js';
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

/**
 * Checks that the dataset has what a distillation will draw from it, before anything long is begun. Throws UsageError
 * naming the class that has too few images.
 *
 * @param control whether as many random real images will be drawn to compare with
 */
export function requireEnoughImages(
  train: Dataset,
  options: DistillOptions,
  { control = false }: { readonly control?: boolean } = {},
): void {
  const { imagesPerClass, formation, initialization, matching } = options;
  checkFormation(formation, train.shape.height, train.shape.width);
  const needs = [{ count: 1, what: 'for matching' }];
  if (initialization.kind === 'random') {
    needs.push({ count: imagesPerClass, what: 'to start from' });
  }
  if (control) {
    needs.push({ count: imagesPerClass, what: 'for the control of random real images' });
  }
  if (initialization.kind === 'mix') {
    const tiles = imagesPerClass * formation.factor ** 2;
    needs.push({ count: tiles, what: `to start ${tiles} tiles from real images` });
  }
  if (matching.strategy === 'stratified') {
    const clusters = decodedPerClass(formation, imagesPerClass);
    needs.push({ count: clusters, what: `for ${clusters} clusters` });
  }
  const groups = indicesByClass(train.labels, train.classNames.length);
  for (const [label, { length }] of groups.entries()) {
    const unmet = needs.find(({ count }) => length < count);
    if (unmet === undefined) continue;
    throw new UsageError(
      `${train.name} has ${length} images of class '${train.classNames[label]}', ${unmet.count} are needed ${unmet.what}. Use fewer images per class (distill.imagesPerClass) or a smaller formation factor.`,
    );
  }
}

/**
 * Checks, before anything is computed or replaced, that a plan can run here: the device, the data, the number of images
 * per class, and networks that fit the images. Throws UsageError saying what does not fit.
 */
export async function checkPlan(plan: Plan): Promise<void> {
  const random = startEngine(plan);
  const { train } = await loadParts(plan.dataset);
  requireEnoughImages(train, plan.distill);
  for (const architecture of [plan.model, plan.student]) {
    buildModel(
      architecture,
      train.shape,
      train.classNames.length,
      random.derive('check'),
    ).dispose();
  }
}

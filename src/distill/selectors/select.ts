import { UsageError } from '../../core/index.js';
import { type Dataset, indicesByClass, type PermutationSource } from '../../data/index.js';
import type { Tensor } from '../../tensor/index.js';
import type { Choice } from './choice.js';
import { mostForgotten } from './forgetting.js';
import { herd } from './herding.js';
import { kCentre } from './k-centre.js';

/**
 * Chooses real images of one class.
 *
 * @param members dataset indices of the class's images
 * @param count how many, at most as many as there are members
 * @returns positions in `members`
 */
export type ImageSelector = (members: Int32Array, count: number) => Promise<Choice>;

/** Features [n, d] of the images at the given dataset indices, each of length 1; the caller owns them. */
export type FeaturesOf = (indices: Int32Array) => Promise<Tensor>;

/** Chooses at random; the loss is the share of the class that is left out. */
export function randomSelector(random: PermutationSource): ImageSelector {
  return async ({ length }, count) => ({
    positions: random.permutation(length).subarray(0, count),
    loss: 1 - count / length,
  });
}

/** Chooses the images whose mean feature is that of the class; see `herd`. */
export function herdingSelector(featuresOf: FeaturesOf): ImageSelector {
  return onFeatures(featuresOf, herd);
}

/** Chooses images that no image of the class is far from; see `kCentre`. */
export function kCentreSelector(featuresOf: FeaturesOf): ImageSelector {
  return onFeatures(featuresOf, kCentre);
}

/**
 * Chooses the images that a training forgot most often; the loss is the share of these that it has never forgotten.
 *
 * @param scores one for each image of the dataset
 */
export function forgettingSelector(
  scores: ArrayLike<number>,
  random: PermutationSource,
): ImageSelector {
  return async (members, count) => {
    const own = Array.from(members, (index) => scores[index]!);
    const positions = mostForgotten(own, count, random);
    return { positions, loss: positions.filter((at) => own[at] === 0).length / count };
  };
}

function onFeatures(
  featuresOf: FeaturesOf,
  choose: (features: Tensor, count: number) => Choice,
): ImageSelector {
  return async (members, count) => {
    using features = await featuresOf(members);
    return choose(features, count);
  };
}

/**
 * Chooses `perClass` images of every class.
 *
 * @returns dataset indices [classes · perClass], class by class, and the mean loss over the classes. Throws UsageError for
 *   a class that has fewer images.
 */
export async function selectImages(
  dataset: Dataset,
  perClass: number,
  select: ImageSelector,
): Promise<{ readonly indices: Int32Array; readonly loss: number }> {
  const { name, labels, classNames } = dataset;
  const chosen: number[] = [];
  let loss = 0;
  for (const [label, members] of indicesByClass(labels, classNames.length).entries()) {
    if (members.length < perClass) {
      throw new UsageError(
        `${name} has ${members.length} images of class '${classNames[label]}', ${perClass} are to be chosen; use fewer images per class`,
      );
    }
    const choice = await select(members, perClass);
    for (const position of choice.positions) chosen.push(members[position]!);
    loss += choice.loss / classNames.length;
  }
  return { indices: Int32Array.from(chosen), loss };
}

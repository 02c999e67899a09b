import { UsageError } from '../../core/index.js';
import {
  type Dataset,
  indicesByClass,
  type PermutationSource,
  pixelsToTensor,
} from '../../data/index.js';
import { noGrad, scope, type Tensor } from '../../tensor/index.js';
import { SyntheticImages } from '../synthetic.js';
import { mostForgotten } from './forgetting.js';
import { herd } from './herding.js';
import { kCentre } from './k-centre.js';

/**
 * Chooses real images of one class, the most wanted first.
 *
 * @param members dataset indices of the class's images
 * @param count how many, at most as many as there are members
 * @returns positions in `members`, none twice
 */
export type ImageSelector = (members: Int32Array, count: number) => Promise<Int32Array>;

/** Features [n, d] of the images at the given dataset indices, each of length 1; the caller owns them. */
export type FeaturesOf = (indices: Int32Array) => Promise<Tensor>;

export function randomSelector(random: PermutationSource): ImageSelector {
  return async (members, count) => random.permutation(members.length).subarray(0, count);
}

/** Chooses the images whose mean feature is that of the class; see `herd`. */
export function herdingSelector(featuresOf: FeaturesOf): ImageSelector {
  return onFeatures(featuresOf, herd);
}

/** Chooses images that no image of the class is far from; see `kCentre`. */
export function kCentreSelector(featuresOf: FeaturesOf): ImageSelector {
  return onFeatures(featuresOf, kCentre);
}

/** Chooses the images that a training forgot most often; `scores` has one for each image of the dataset. */
export function forgettingSelector(
  scores: ArrayLike<number>,
  random: PermutationSource,
): ImageSelector {
  return async (members, count) =>
    mostForgotten(
      Array.from(members, (index) => scores[index]!),
      count,
      random,
    );
}

function onFeatures(
  featuresOf: FeaturesOf,
  choose: (features: Tensor, count: number) => Int32Array,
): ImageSelector {
  return async (members, count) => {
    using features = await featuresOf(members);
    return choose(features, count);
  };
}

/**
 * Chooses `perClass` images of every class.
 *
 * @returns dataset indices [classes · perClass], class by class. Throws UsageError for a class that has fewer images.
 */
export async function selectImages(
  dataset: Dataset,
  perClass: number,
  select: ImageSelector,
): Promise<Int32Array> {
  const chosen: number[] = [];
  for (const [label, members] of indicesByClass(
    dataset.labels,
    dataset.classNames.length,
  ).entries()) {
    if (members.length < perClass) {
      throw new UsageError(
        `${dataset.name} has ${members.length} images of class '${dataset.classNames[label]}', ${perClass} are to be chosen; use fewer images per class`,
      );
    }
    const positions = await select(members, perClass);
    for (const position of positions) chosen.push(members[position]!);
  }
  return Int32Array.from(chosen);
}

/**
 * Real images in the form of a distilled set, so that they can be stored, decoded and evaluated like one.
 *
 * @param indices as `selectImages` gives them; the caller owns the images
 */
export function selectedImages(
  dataset: Dataset,
  indices: Int32Array,
  device: string,
): SyntheticImages {
  const images = scope(() =>
    noGrad(() => pixelsToTensor(dataset.read(indices), indices.length, dataset.shape, device)),
  );
  return new SyntheticImages(images, dataset.classNames.length, { mode: 'single', factor: 1 });
}

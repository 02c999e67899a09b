import {
  applySiamese,
  drawSiamese,
  normalize,
  type SiameseDraw,
  type SiameseOptions,
} from '../augment/index.js';
import type { ClassSampler, Dataset } from '../data/index.js';
import { pixelsToTensor } from '../data/index.js';
import type { ImageModel } from '../models/index.js';
import { keep, noGrad, type RandomGenerator, scope, type Tensor } from '../tensor/index.js';
import { characteristicFunction, mergeGroups, normalizeFeatures } from './characteristic.js';
import { discrepancy } from './discrepancy.js';
import type { ExtractorChoice, ExtractorPool } from './extractors.js';
import { automaticScale } from './frequencies.js';

/**
 * Which distributions are compared.
 * - plain: every class with the class of `realPerClass` real images (the paper)
 * - stratified: every class is split into as many clusters as it has training images; each batch draws
 *   `realPerCluster` from every cluster, and the discrepancy is summed over nested groupings of the clusters:
 *   whole classes, `groups` groups per class, single clusters
 */
export type Matching =
  | { readonly strategy: 'plain'; readonly realPerClass: number }
  | {
      readonly strategy: 'stratified';
      readonly realPerCluster: number;
      /** Numbers of groups per class, each a divisor of the number of clusters. */
      readonly groups: readonly number[];
    };

/** What the real images look like from one draw of extractor, images and augmentation; kept for K iterations. */
export interface MatchingTarget {
  readonly choice: ExtractorChoice;
  readonly augmentation: SiameseDraw;
  /** Normalised features of the real images, cluster by cluster; kept until the target is replaced. */
  readonly features: Tensor;
  /** The frequency scale that the rule of `automaticScale` gives for these features. */
  readonly automaticScale: number;
}

export interface MatchingContext {
  readonly dataset: Dataset;
  readonly pool: ExtractorPool;
  /** Receives the blended parameters; frozen. */
  readonly extractor: ImageModel;
  readonly sampler: ClassSampler;
  /** Real images drawn per group of the sampler. */
  readonly realPerGroup: number;
  readonly augmentation: SiameseOptions;
  readonly random: RandomGenerator;
}

/** Draws an extractor, real images and an augmentation, and computes the real features: the no-gradient branch. */
export function drawTarget(context: MatchingContext): MatchingTarget {
  const { dataset, pool, extractor, sampler, realPerGroup, random } = context;
  const classes = dataset.classNames.length;
  const { height, width } = dataset.shape;
  const choice = pool.draw(random);
  pool.blendInto(extractor, choice);
  const augmentation = drawSiamese(context.augmentation, {
    groups: classes,
    height,
    width,
    random,
  });
  const indices: number[] = [];
  for (let group = 0; group < sampler.groupCount; group++)
    indices.push(...sampler.next(group, realPerGroup));
  const features = scope(() =>
    noGrad(() => {
      const images = pixelsToTensor(
        dataset.read(indices),
        indices.length,
        dataset.shape,
        random.device,
      );
      return extractFeatures(images, context, augmentation);
    }),
  );
  return {
    choice,
    augmentation,
    features: keep(features),
    automaticScale: automaticScale(features, classes),
  };
}

/** Images [n, c, h, w] in [0, 1], class by class → normalised features [n, d] under the target's augmentation. */
export function extractFeatures(
  images: Tensor,
  { dataset, extractor }: Pick<MatchingContext, 'dataset' | 'extractor'>,
  augmentation: SiameseDraw,
): Tensor {
  return scope(() => {
    const augmented = applySiamese(normalize(images, dataset.normalization), augmentation);
    return normalizeFeatures(extractor.features(augmented));
  });
}

export interface MatchingLossOptions {
  /** Groups that the rows of both feature sets come in: classes × clusters per class. */
  readonly partitions: number;
  readonly classes: number;
  /** Numbers of groups per class at which the discrepancy is taken; [1] is plain matching. */
  readonly groupings: readonly number[];
  readonly alpha: number;
}

/**
 * The discrepancy of each class [classes]: the sum over groupings of the mean over the groups of a class. Every
 * grouping is merged from one projection.
 */
export function matchingLoss(
  real: Tensor,
  synthetic: Tensor,
  frequencies: Tensor,
  { partitions, classes, groupings, alpha }: MatchingLossOptions,
): Tensor {
  return scope(() => {
    const x = characteristicFunction(real, frequencies, partitions);
    const s = characteristicFunction(synthetic, frequencies, partitions);
    const terms = groupings.map((perClass) => {
      const groups = perClass * classes;
      const each = discrepancy(mergeGroups(x, groups), mergeGroups(s, groups), { alpha });
      return each.reshape([classes, perClass]).mean([1]);
    });
    return terms.reduce((total, term) => total.add(term));
  });
}

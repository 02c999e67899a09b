import { drawSiamese, type SiameseDraw, type SiameseOptions } from '../../augment/index.js';
import type { ClassSampler, Dataset } from '../../data/index.js';
import { ClassShare } from '../../distill/class-share.js';
import { drawOfClasses, realFeatures } from '../../distill/matched-features.js';
import type { ImageModel } from '../../models/index.js';
import {
  full,
  keep,
  noGrad,
  type RandomGenerator,
  scope,
  type Tensor,
  toDeviceOf,
  zeros,
} from '../../tensor/index.js';
import type { ExtractorChoice, ExtractorPool } from '../../train/extractors.js';
import {
  type CharacteristicFunction,
  characteristicFunction,
  joinFrequencies,
  mergeGroups,
} from './characteristic.js';
import { discrepancy } from './discrepancy.js';
import { drawExtractor, type Extractors } from './extractors.js';
import { classVariances, scaleFor } from './frequencies.js';

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
export interface RealBatch {
  readonly choice: ExtractorChoice;
  readonly augmentation: SiameseDraw;
  /** Normalised features of the real images of the process's own classes, cluster by cluster; kept until the batch is replaced. */
  readonly features: Tensor;
  /** The frequency scale that the rule of `automaticScale` gives for these features: a scalar, kept like them. */
  readonly automaticScale: Tensor;
}

/** Releases what a batch keeps. */
export function disposeRealBatch(realBatch: RealBatch | undefined): void {
  realBatch?.features.dispose();
  realBatch?.automaticScale.dispose();
}

/** A batch of real images to go on with: its scale as a number, features of all classes. */
export interface KeptRealBatch extends Omit<RealBatch, 'automaticScale'> {
  readonly automaticScale: number;
}

/** The features are the batch's own where no other process has some, and else the scope's. */
export function keptRealBatch(
  { automaticScale, ...realBatch }: RealBatch,
  share: ClassShare,
  realPerClass: number,
): KeptRealBatch {
  const features = share.gather(realBatch.features, realPerClass);
  return { ...realBatch, features, automaticScale: automaticScale.item() };
}

export interface MatchingContext {
  readonly dataset: Dataset;
  readonly pool: ExtractorPool;
  readonly extractors: Extractors;
  /** Receives the parameters that are drawn; frozen. */
  readonly extractor: ImageModel;
  /** Whose real features are computed here, all classes' when left out; images are drawn of all. */
  readonly share?: ClassShare;
  readonly sampler: ClassSampler;
  /** Real images drawn per group of the sampler. */
  readonly realPerGroup: number;
  /** Real images that go through the extractor at once; all of them when left out. */
  readonly realAtOnce?: number;
  readonly augmentation: SiameseOptions;
  readonly random: RandomGenerator;
}

/**
 * Draws an extractor, real images and an augmentation, and computes the real features: the no-gradient branch.
 *
 * @param progress how much of the distillation is done, from 0 to below 1
 */
export function drawRealBatch(context: MatchingContext, progress: number): RealBatch {
  const { dataset, pool, extractor, sampler, realPerGroup, random } = context;
  const classes = dataset.classNames.length;
  const share = context.share ?? new ClassShare(classes, undefined);
  const { height, width } = dataset.shape;
  const choice = drawExtractor({ extractors: context.extractors, pool, progress, random });
  pool.writeInto(extractor, choice);
  const augmentation = drawSiamese(context.augmentation, {
    groups: classes,
    height,
    width,
    random,
  });
  const groupsPerClass = sampler.groupCount / classes;
  const indices: number[] = [];
  for (let group = 0; group < sampler.groupCount; group++) {
    const drawn = sampler.next(group, realPerGroup);
    if (share.owns(Math.floor(group / groupsPerClass))) indices.push(...drawn);
  }
  const extraction = { ...context, unit: true, device: random.device };
  const features = scope(() =>
    noGrad(() => realFeatures(extraction, indices, drawOfClasses(augmentation, share.own))),
  );
  return {
    choice,
    augmentation,
    features: keep(features),
    automaticScale: keep(scaleOf(features, share)),
  };
}

/** Goes on with a batch: writes its extractor's parameters, and copies its features. */
export function restoreRealBatch(
  { automaticScale, ...kept }: KeptRealBatch,
  { pool, extractor, share, random: { device } }: MatchingContext,
): RealBatch {
  pool.writeInto(extractor, kept.choice);
  const own = share === undefined ? kept.features : share.ownRows(kept.features);
  return {
    ...kept,
    // A state that was read from a file is on the CPU.
    features: keep(scope(() => toDeviceOf(own, device).clone())),
    automaticScale: keep(full([], automaticScale, { dtype: 'float64', device })),
  };
}

function scaleOf(features: Tensor, share: ClassShare): Tensor {
  return scope(() => {
    const own =
      share.own.length === 0
        ? zeros([0], { device: features.device })
        : classVariances(features, share.own.length);
    return scaleFor(share.gather(own, 1));
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
 * grouping is merged from one projection. Without frequencies it is the squared distance of the groups' mean features.
 *
 * @param frequencies [T, d], in parts [Tᵢ, d]: only the parts that need gradients then pay for them
 */
export function matchingLoss(
  real: Tensor,
  synthetic: Tensor,
  frequencies: readonly Tensor[],
  { partitions, classes, groupings, alpha }: MatchingLossOptions,
): Tensor {
  return scope(() => {
    const perGrouping = (compare: (groups: number) => Tensor): Tensor =>
      groupings
        .map((perClass) => {
          const each = compare(perClass * classes);
          return each.reshape([classes, perClass]).mean([1]);
        })
        .reduce((total, term) => total.add(term));
    if (frequencies.length === 0) {
      return perGrouping((groups) =>
        groupMeans(real, groups).sub(groupMeans(synthetic, groups)).square().sum([1]),
      );
    }
    const at = (features: Tensor): CharacteristicFunction =>
      joinFrequencies(
        frequencies.map((part) => characteristicFunction(features, part, partitions)),
      );
    const x = at(real);
    const s = at(synthetic);
    return perGrouping((groups) =>
      discrepancy(mergeGroups(x, groups), mergeGroups(s, groups), { alpha }),
    );
  });
}

/** The mean of each of `groups` equal runs of rows: [n, d] → [groups, d]. */
function groupMeans(features: Tensor, groups: number): Tensor {
  return features.reshape([groups, features.size(0) / groups, features.size(1)]).mean([1]);
}

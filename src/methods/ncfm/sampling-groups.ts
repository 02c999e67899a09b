import { UsageError } from '../../core/index.js';
import { type Dataset, indicesByClass } from '../../data/index.js';
import type { SyntheticImages } from '../../distill/synthetic.js';
import type { Matching } from './matching.js';

/** What real images are drawn from, and how their features are compared. */
export interface SamplingGroups {
  /** Dataset indices of each group, class by class. */
  readonly members: readonly Int32Array[];
  readonly realPerGroup: number;
  /** Groups that the features come in: classes × clusters per class. */
  readonly partitions: number;
  /** Numbers of groups per class at which the discrepancy is taken. */
  readonly groupings: readonly number[];
}

/**
 * The groups of a matching strategy. Throws UsageError when formation, clusters or groupings do not fit it.
 *
 * @param clusters for stratified matching: clusters of dataset indices, class by class
 */
export function samplingGroups(
  dataset: Dataset,
  synthetic: SyntheticImages,
  matching: Matching,
  clusters: readonly Int32Array[] | undefined,
): SamplingGroups {
  const classes = dataset.classNames.length;
  if (matching.strategy === 'plain') {
    const members = indicesByClass(dataset.labels, classes);
    return { members, realPerGroup: matching.realPerClass, partitions: classes, groupings: [1] };
  }
  if (synthetic.formation.mode !== 'single') {
    throw new UsageError(
      `stratified matching pairs each tile with a cluster and needs formation mode 'single', got '${synthetic.formation.mode}'`,
    );
  }
  const perClass = synthetic.decodedPerClass;
  if (clusters?.length !== classes * perClass) {
    throw new UsageError(
      `stratified matching needs ${classes * perClass} clusters, ${perClass} per class, got ${clusters?.length ?? 0}`,
    );
  }
  const odd = matching.groups.find((count) => perClass % count !== 0);
  if (odd !== undefined) {
    throw new UsageError(
      `matching.groups: ${odd} does not divide the ${perClass} training images of a class; use divisors of ${perClass}`,
    );
  }
  return {
    members: clusters,
    realPerGroup: matching.realPerCluster,
    partitions: clusters.length,
    groupings: matching.groups,
  };
}

/** Throws UsageError when the rule for the frequency scale is asked for and each batch has too few images for it. */
export function requireVariance(scale: number | 'auto', realPerClass: number): void {
  if (scale !== 'auto' || realPerClass >= 2) return;
  throw new UsageError(
    `the automatic frequency scale needs at least 2 real images per class in each batch, got ${realPerClass}; draw more or give the scale as a number`,
  );
}

import { yieldToEvents } from '../../core/event-loop.js';
import { indicesByClass } from '../../data/index.js';
import { ClassShare } from '../../distill/class-share.js';
import { imageFeatures } from '../../train/features.js';
import type { ExtractorPool } from '../../train/index.js';
import type { MethodInput } from '../method.js';
import { drawAsStratify, stratify } from './stratify.js';

export interface ClusterRequest
  extends Pick<MethodInput, 'dataset' | 'buildModel' | 'random' | 'group' | 'signal'> {
  readonly pool: ExtractorPool;
  /** Clusters per class: one per decoded training image. */
  readonly perClass: number;
  /** Numbers of groups per class that neighbouring clusters will be merged into; see `stratify`. */
  readonly groups?: readonly number[] | undefined;
  readonly imagesAtOnce?: number | undefined;
}

/**
 * Splits every class into `perClass` clusters of equal size by the features of the pool's first trained network; the
 * clusters of class 0 first. Each process of a group splits its own classes. Throws UsageError when a class has too few images.
 */
export async function clusterClasses(request: ClusterRequest): Promise<Int32Array[]> {
  const { dataset, pool, perClass, groups = [], random, group, signal } = request;
  const runs = groups.map((count) => perClass / count);
  using extractor = request.buildModel().setRequiresGrad(false);
  pool.writeInto(extractor, { network: 0, beta: 0 });
  const classes = dataset.classNames.length;
  using share = new ClassShare(classes, group);
  const clusters: Int32Array[] = [];
  for (const [label, members] of indicesByClass(dataset.labels, classes).entries()) {
    if (!share.owns(label)) {
      drawAsStratify(extractor.featureDimension, perClass, random);
      continue;
    }
    using features = await imageFeatures(extractor, dataset, members, {
      device: random.device,
      imagesAtOnce: request.imagesAtOnce,
      signal,
    });
    clusters.push(...stratify(features, members, perClass, random, runs));
    await yieldToEvents(signal);
  }
  if (group === undefined) return clusters;
  const all = await group.exchangeLater(
    clusters.map((cluster) => [...cluster]),
    signal,
  );
  return all.flat().map((cluster) => Int32Array.from(cluster));
}

import { yieldToEvents } from '../../core/event-loop.js';
import { indicesByClass } from '../../data/index.js';
import { imageFeatures } from '../../train/features.js';
import type { ExtractorPool } from '../../train/index.js';
import type { MethodInput } from '../method.js';
import { stratify } from './stratify.js';

export interface ClusterRequest
  extends Pick<MethodInput, 'dataset' | 'buildModel' | 'random' | 'signal'> {
  readonly pool: ExtractorPool;
  /** Clusters per class: one per decoded training image. */
  readonly perClass: number;
  /** Numbers of groups per class that neighbouring clusters will be merged into; see `stratify`. */
  readonly groups?: readonly number[] | undefined;
  readonly imagesAtOnce?: number | undefined;
}

/**
 * Splits every class into `perClass` clusters of equal size by the features of the pool's first trained network; the
 * clusters of class 0 first. Throws UsageError when a class has too few images.
 */
export async function clusterClasses(request: ClusterRequest): Promise<Int32Array[]> {
  const { dataset, pool, perClass, groups = [], random, signal } = request;
  const runs = groups.map((count) => perClass / count);
  using extractor = request.buildModel().setRequiresGrad(false);
  pool.blendInto(extractor, { network: 0, beta: 0 });
  const clusters: Int32Array[] = [];
  for (const members of indicesByClass(dataset.labels, dataset.classNames.length)) {
    using features = await imageFeatures(extractor, dataset, members, {
      device: random.device,
      imagesAtOnce: request.imagesAtOnce,
      signal,
    });
    clusters.push(...stratify(features, members, perClass, random, runs));
    await yieldToEvents(signal);
  }
  return clusters;
}

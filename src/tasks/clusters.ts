import { normalize } from '../augment/index.js';
import { type Dataset, indicesByClass, pixelsToTensor } from '../data/index.js';
import { type ExtractorPool, normalizeFeatures, stratify } from '../distill/index.js';
import type { ImageModel } from '../models/index.js';
import { cat, noGrad, type RandomGenerator, scope, type Tensor } from '../tensor/index.js';
import { breathe } from './breathe.js';

export interface ClusterRequest {
  readonly dataset: Dataset;
  readonly pool: ExtractorPool;
  readonly buildModel: () => ImageModel;
  /** Clusters per class: one per decoded training image. */
  readonly perClass: number;
  readonly random: RandomGenerator;
  readonly signal?: AbortSignal | undefined;
}

const batchSize = 500;

/**
 * Splits every class into `perClass` clusters of equal size by the features of the pool's first trained network; the
 * clusters of class 0 first. Throws UsageError when a class has too few images.
 */
export async function clusterClasses(request: ClusterRequest): Promise<Int32Array[]> {
  const { dataset, pool, perClass, random, signal } = request;
  using extractor = request.buildModel().setRequiresGrad(false);
  pool.blendInto(extractor, { network: 0, beta: 0 });
  const clusters: Int32Array[] = [];
  for (const members of indicesByClass(dataset.labels, dataset.classNames.length)) {
    using features = await classFeatures(dataset, members, extractor, random.device, signal);
    clusters.push(...stratify(features, members, perClass, random));
    await breathe(signal);
  }
  return clusters;
}

/** Normalised features of the dataset's images at `members`: [members, d]. */
async function classFeatures(
  dataset: Dataset,
  members: Int32Array,
  extractor: ImageModel,
  device: string,
  signal?: AbortSignal,
): Promise<Tensor> {
  const parts: Tensor[] = [];
  try {
    for (let start = 0; start < members.length; start += batchSize) {
      const chosen = members.subarray(start, start + batchSize);
      parts.push(
        scope(() =>
          noGrad(() => {
            const images = pixelsToTensor(
              dataset.read(chosen),
              chosen.length,
              dataset.shape,
              device,
            );
            return normalizeFeatures(extractor.features(normalize(images, dataset.normalization)));
          }),
        ),
      );
      await breathe(signal);
    }
    return cat(parts);
  } finally {
    for (const part of parts) part.dispose();
  }
}

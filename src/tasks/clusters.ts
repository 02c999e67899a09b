import { normalize } from '../augment/index.js';
import { type Dataset, indicesByClass, pixelsToTensor } from '../data/index.js';
import { type ExtractorPool, normalizeFeatures, spans, stratify } from '../distill/index.js';
import type { ImageModel } from '../models/index.js';
import { noGrad, type RandomGenerator, scope, type Tensor, zeros } from '../tensor/index.js';
import { breathe } from './breathe.js';

export interface ClusterRequest {
  readonly dataset: Dataset;
  readonly pool: ExtractorPool;
  readonly buildModel: () => ImageModel;
  /** Clusters per class: one per decoded training image. */
  readonly perClass: number;
  /** Numbers of groups per class that neighbouring clusters will be merged into; see `stratify`. */
  readonly groups?: readonly number[] | undefined;
  /** Images that go through the network at once. */
  readonly imagesAtOnce?: number | undefined;
  readonly random: RandomGenerator;
  readonly signal?: AbortSignal | undefined;
}

const usualImagesAtOnce = 256;

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
    using features = await classFeatures(request, members, extractor);
    clusters.push(...stratify(features, members, perClass, random, runs));
    await breathe(signal);
  }
  return clusters;
}

/** Normalised features of the dataset's images at `members`: [members, d]. */
async function classFeatures(
  { dataset, imagesAtOnce = usualImagesAtOnce, random, signal }: ClusterRequest,
  members: Int32Array,
  extractor: ImageModel,
): Promise<Tensor> {
  const features = zeros([members.length, extractor.featureDimension], { device: random.device });
  try {
    for (const { start, length } of spans(members.length, imagesAtOnce)) {
      const chosen = members.subarray(start, start + length);
      scope(() =>
        noGrad(() => {
          const pixels = dataset.read(chosen);
          const images = pixelsToTensor(pixels, length, dataset.shape, random.device);
          const own = extractor.features(normalize(images, dataset.normalization));
          features.narrow(0, start, length).copy_(normalizeFeatures(own));
        }),
      );
      await breathe(signal);
    }
    return features;
  } catch (error) {
    features.dispose();
    throw error;
  }
}

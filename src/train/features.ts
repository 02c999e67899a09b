import { normalize } from '../augment/index.js';
import { yieldToEvents } from '../core/event-loop.js';
import { spans } from '../core/index.js';
import { type Dataset, imagesOf } from '../data/index.js';
import type { ImageModel } from '../models/index.js';
import { noGrad, scope, type Tensor, zeros } from '../tensor/index.js';
import { usualImagesAtOnce } from './images-at-once.js';
import type { TestOptions } from './test-network.js';

/** Features of a dataset's images at `members`, each scaled to length 1: [members, d]. The caller owns them. */
export async function imageFeatures(
  extractor: ImageModel,
  dataset: Dataset,
  members: Int32Array,
  { device, imagesAtOnce, signal }: TestOptions,
): Promise<Tensor> {
  const atOnce = imagesAtOnce ?? usualImagesAtOnce(device, dataset.shape).forward;
  const features = zeros([members.length, extractor.featureDimension], { device });
  try {
    for (const { start, length } of spans(members.length, atOnce)) {
      const chosen = members.subarray(start, start + length);
      scope(() =>
        noGrad(() => {
          const images = imagesOf(dataset, chosen, device);
          const own = extractor.features(normalize(images, dataset.normalization));
          features.narrow(0, start, length).copy_(normalizeFeatures(own));
        }),
      );
      await yieldToEvents(signal);
    }
    return features;
  } catch (error) {
    features.dispose();
    throw error;
  }
}

/**
 * Scales every row of `features` [n, d] to Euclidean length 1 (a row of zeros stays zero), so that the frequency scale
 * means the same for every network.
 */
export function normalizeFeatures(features: Tensor): Tensor {
  return scope(() => features.div(features.square().sum([1], true).add(1e-12).sqrt()));
}

import type { Dataset } from '../data/index.js';
import type { OpenedSet } from '../pipeline/index.js';
import { scope, type Tensor, toDeviceOf } from '../tensor/index.js';
import { decodeFor } from './decode-for.js';
import type { DistilledImages } from './distilled-set.js';

/**
 * The training images of a set, on a device, for networks that are tested on a dataset; the caller's.
 * @throws UsageError as `decodeFor`
 */
export function setToEvaluate(set: DistilledImages, dataset: Dataset, device: string): OpenedSet {
  const decoded = scope(() => {
    const { images, labels, probabilities } = decodeFor(set, dataset);
    const here = (x: Tensor): Tensor => toDeviceOf(x, device);
    const soft = probabilities && { probabilities: here(probabilities) };
    return { images: here(images), labels: here(labels), ...soft };
  });
  return {
    ...decoded,
    stepSize: set.stepSize,
    imagesPerClass: Math.max(1, Math.round(set.images.size(0) / dataset.classNames.length)),
    [Symbol.dispose]: () => {
      for (const value of Object.values(decoded)) value.dispose();
    },
  };
}

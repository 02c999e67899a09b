import type { Normalization } from '../core/index.js';
import type { Dataset } from '../data/index.js';
import {
  datasetSource,
  type TrainingBatch,
  type TrainingSource,
  tensorSource,
} from '../train/train.js';

/** Images [n, c, h, w] in [0, 1] as networks train on them (decoded), their labels, and soft ones if there are any. */
export type LabelledImages = TrainingBatch;

/** What a network is trained on: decoded images, or all images of a dataset as they are read. */
export type TrainingImages = LabelledImages | Dataset;

/** Tells a dataset from images in memory. */
export function isDataset(images: TrainingImages): images is Dataset {
  return 'read' in images;
}

/** Either of them as a source of batches; tensors stay the caller's. */
export function sourceOf(
  images: TrainingImages,
  normalization: Normalization,
  device: string,
): TrainingSource {
  return isDataset(images) ? datasetSource(images, device) : tensorSource(images, normalization);
}

import type { Dataset } from '../../data/index.js';
import type { TrainingBatch } from '../train.js';

/** Images [n, c, h, w] in [0, 1] as networks train on them (decoded), their labels, and soft ones if there are any. */
export type LabelledImages = TrainingBatch;

/** What a network is trained on: decoded images, or all images of a dataset as they are read. */
export type TrainingImages = LabelledImages | Dataset;

/** Tells a dataset from images in memory. */
export function isDataset(images: TrainingImages): images is Dataset {
  return 'read' in images;
}

import { arrayDataset, type DatasetPair } from '../../data/index.js';
import type { Plan } from '../../plan/plan.js';
import { smallPlan } from '../../plan/testing/plan.js';

/** Coloured noise, 32×32, 10 classes of 60 images: large enough for the memory of a pass to stand out. */
export function colouredNoise(): DatasetPair {
  const part = (split: string) =>
    arrayDataset({
      name: 'noise',
      split,
      shape: { channels: 3, height: 32, width: 32 },
      pixels: Uint8Array.from({ length: 600 * 3072 }, (_, index) => (index * 7919) % 251),
      labels: Array.from({ length: 600 }, (_, index) => index % 10),
    });
  return { train: part('train'), test: part('test') };
}

/** A plan on it whose chunks take far more than its batches. */
export const chunkedPlan: Plan = {
  ...smallPlan,
  model: { name: 'convnet', depth: 2, width: 128 },
  student: { name: 'convnet', depth: 2, width: 128 },
  pretrain: { ...smallPlan.pretrain, networks: 1, batchSize: 1 },
  evaluate: { ...smallPlan.evaluate, batchSize: 1 },
  distill: {
    ...smallPlan.distill,
    imagesPerClass: 10,
    matching: { strategy: 'plain', realPerClass: 24 },
  },
};

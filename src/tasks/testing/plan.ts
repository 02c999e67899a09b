import { defaultSiamese, noAugmentation } from '../../augment/index.js';
import type { Plan } from '../plan.js';

/** A plan on the digits that takes a second or two: everything real, everything small. */
export const smallPlan: Plan = {
  name: 'small',
  seed: 1,
  device: 'cpu',
  threads: 1,
  memory: 'auto',
  chunks: { real: 'auto', synthetic: 'auto', test: 'auto' },
  dataset: {
    name: 'digits',
    size: 'auto',
    channels: 'auto',
    testShare: 0.2,
    validation: 0,
  },
  model: { name: 'convnet', depth: 2, width: 8 },
  student: { name: 'convnet', depth: 2, width: 8 },
  pretrain: {
    networks: 2,
    length: { epochs: 2 },
    batchSize: 64,
    optimizer: { kind: 'adamw', learningRate: 5e-3 },
    schedule: { kind: 'cosine' },
    augmentation: noAugmentation,
  },
  distill: {
    imagesPerClass: 2,
    formation: { mode: 'single', factor: 1 },
    initialization: { kind: 'mix' },
    iterations: 20,
    matching: { strategy: 'stratified', realPerCluster: 8, groups: [1, 2] },
    frequencies: { kind: 'gaussian', count: 64, scale: 'auto' },
    alpha: 0.5,
    discrepancyWeight: 300,
    amortize: 1,
    fineTuneWeight: 0,
    optimizer: { kind: 'adam', learningRate: 0.05 },
    schedule: { kind: 'cosine' },
    augmentation: { ...defaultSiamese, cutout: null },
  },
  snapshotEvery: 10,
  evaluate: {
    length: { steps: 80 },
    batchSize: 32,
    optimizer: { kind: 'adamw', learningRate: 5e-3 },
    schedule: { kind: 'cosine' },
    augmentation: noAugmentation,
    cutMix: 0.5,
    seeds: 2,
  },
};

import { defaultSiamese, noAugmentation } from '../../augment/index.js';
import type { NcfmOptions } from '../../methods/index.js';
import { usualGpuOptions } from '../../tensor/index.js';
import { testDevice } from '../../tensor/testing/on-device.js';
import type { Plan } from '../plan.js';

/** A plan on the digits that takes a second or two: everything real, everything small. */
export const smallPlan: Plan & { readonly distill: NcfmOptions } = {
  imports: [],
  name: 'small',
  seed: 1,
  repeats: 1,
  device: testDevice,
  // Tests stop runs by what they tell.
  gpu: { ...usualGpuOptions, readEvery: 1 },
  threads: 1,
  memory: 'auto',
  chunks: { real: 'auto', synthetic: 'auto', test: 'auto' },
  dataset: {
    name: 'digits',
    size: 'auto',
    channels: 'auto',
    testShare: 0.2,
    onDamaged: 'stop',
    validation: 0,
    whitening: 'none',
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
    method: 'ncfm',
    imagesPerClass: 2,
    formation: { mode: 'single', factor: 1 },
    initialization: { kind: 'mix' },
    iterations: 20,
    matching: { strategy: 'stratified', realPerCluster: 8, groups: [1, 2] },
    extractors: { kind: 'blend' },
    frequencies: { kind: 'gaussian', count: 64, scale: 'auto' },
    alpha: 0.5,
    discrepancyWeight: 300,
    amortize: 1,
    fineTuning: { kind: 'none' },
    optimizer: { kind: 'adam', learningRate: 0.05 },
    schedule: { kind: 'cosine' },
    augmentation: { ...defaultSiamese, cutout: null },
  },
  checkpoint: { seconds: null, iterations: 7 },
  snapshotEvery: 10,
  tracking: 'none',
  evaluate: {
    length: { steps: 80 },
    batchSize: 32,
    optimizer: { kind: 'adamw', learningRate: 5e-3 },
    schedule: { kind: 'cosine' },
    augmentation: noAugmentation,
    cutMix: 0.5,
    seeds: 2,
    concurrency: 1,
    labels: { mode: 'hard' },
    curve: { points: 0, trainingImages: 0 },
  },
  wholeData: { epochs: 2, networks: 1 },
  search: {
    space: {
      widths: [4, 8],
      depths: [1, 2],
      norms: ['instance'],
      activations: ['relu'],
      poolings: ['average'],
    },
    proxies: ['distilled', 'random', 'early-stop'],
    length: { steps: 20 },
    seeds: 1,
    validation: 0.2,
    halving: { rounds: 1, factor: 2 },
    sample: 3,
    reference: { epochs: 1 },
    concurrency: 1,
  },
  continual: {
    steps: 5,
    classOrder: 'random',
    seeds: 2,
    memories: ['random', 'distilled'],
    fineTune: false,
    jointEpochs: null,
  },
};

/** The options of a plan's method, which is NCFM. */
export function ncfmOptions({ distill }: Pick<Plan, 'distill'>): NcfmOptions {
  return distill as NcfmOptions;
}

import { defaultSiamese } from '../../../augment/index.js';
import { type Dataset, indicesByClass } from '../../../data/index.js';
import type { Chunks } from '../../../distill/chunks.js';
import { type Formation, initializeSynthetic } from '../../../distill/index.js';
import { fewDigits } from '../../../distill/testing/digits.js';
import { buildModel } from '../../../models/index.js';
import { RandomGenerator, testDevice } from '../../../tensor/testing/on-device.js';
import { ExtractorPool } from '../../../train/index.js';
import { straightTrajectories } from '../../../train/testing/straight-trajectories.js';
import { Condenser } from '../condenser.js';
import type { LearnedFrequencies } from '../frequency-source.js';
import type { CondenseOptions, IterationReport } from '../options.js';
import type { SamplingObjective } from '../sampling-objectives.js';

/** Three classes of 24 digits. */
export const digits: Dataset = await fewDigits(3, 24);

export const plain: CondenseOptions = {
  iterations: 30,
  matching: { strategy: 'plain', realPerClass: 12 },
  extractors: { kind: 'blend' },
  frequencies: { kind: 'gaussian', count: 64, scale: 2 },
  alpha: 0.5,
  discrepancyWeight: 1,
  amortize: 1,
  fineTuning: { kind: 'none' },
  optimizer: { kind: 'adam', learningRate: 0.03 },
  schedule: { kind: 'constant' },
  augmentation: { ...defaultSiamese, cutout: null },
};

export const samplingNetwork: CondenseOptions = {
  ...plain,
  frequencies: {
    kind: 'sampling-network',
    count: 64,
    scale: 2,
    width: 8,
    optimizer: { kind: 'sgd', learningRate: 0.1, momentum: 0.5 },
  },
};

/** A sampling network with an objective of its own. */
export function samplingFor(
  objective: SamplingObjective,
  learningRate = 0.1,
): Partial<CondenseOptions> {
  const frequencies = samplingNetwork.frequencies as LearnedFrequencies;
  return {
    frequencies: { ...frequencies, objective, optimizer: { kind: 'sgd', learningRate } },
  };
}

export interface Setting {
  readonly seed?: number;
  readonly formation?: Formation;
  readonly dataset?: Dataset;
  readonly clusters?: readonly Int32Array[];
  readonly chunks?: Partial<Chunks>;
  readonly device?: string;
}

/** A condenser with untrained extractors, started from noise; everything follows from the seed. */
export function condenser(
  options: Partial<CondenseOptions> = {},
  setting: Setting = {},
): Condenser {
  const {
    seed = 1,
    formation = { mode: 'single', factor: 1 },
    dataset = digits,
    clusters,
    chunks,
    device = testDevice,
  } = setting;
  const random = new RandomGenerator(seed, device);
  const classes = dataset.classNames.length;
  const build = (label: string) =>
    buildModel(
      { name: 'convnet', depth: 2, width: 4 },
      dataset.shape,
      classes,
      random.derive(label),
    );
  const pairs = [0, 1].map((index) => ({
    initial: build(`initial ${index}`).state(),
    trained: build(`trained ${index}`).state(),
  }));
  return new Condenser({
    dataset,
    synthetic: initializeSynthetic(dataset, {
      imagesPerClass: 2,
      formation,
      initialization: { kind: 'noise' },
      random: random.derive('images'),
    }),
    pool: new ExtractorPool(pairs, straightTrajectories(pairs, 4)),
    buildModel: () => build('own'),
    ...(clusters === undefined ? {} : { clusters }),
    ...(chunks === undefined ? {} : { chunks }),
    options: { ...plain, ...options },
    random: random.derive('matching'),
  });
}

export function run(owner: Condenser, steps: number): IterationReport[] {
  return Array.from({ length: steps }, () => owner.step());
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Four clusters for each class, of six images each. */
export function quarters(): Int32Array[] {
  return indicesByClass(digits.labels, 3).flatMap((members) =>
    [0, 1, 2, 3].map((part) => members.slice(6 * part, 6 * part + 6)),
  );
}

export const stratified: Partial<CondenseOptions> = {
  matching: { strategy: 'stratified', realPerCluster: 3, groups: [1, 2, 8] },
};
/** Eight clusters for each class, of three images each. */
export const eighths = () =>
  quarters().flatMap((cluster) => [cluster.slice(0, 3), cluster.slice(3)]);

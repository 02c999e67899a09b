import { dsaTraining, noAugmentation, officialTraining } from '../augment/index.js';
import type { Normalization } from '../core/index.js';
import { canonicalJson, fingerprint } from '../core/index.js';
import type { Formation } from '../distill/index.js';
import type { ModelOptions } from '../models/index.js';
import type { EvaluateOptions } from './request.js';

/** Raised when the same settings would give other numbers than before. */
const protocolVersion = 2;

/** How accuracies were measured: two results may be compared when their protocols have the same hash. */
export interface EvaluationProtocol extends Omit<EvaluateOptions, 'concurrency'> {
  /** Of a named protocol whose settings these are, else `custom`. */
  readonly name: string;
  readonly version: number;
  readonly student: ModelOptions;
  /** What is done to stored images before networks see them. */
  readonly preprocessing: { readonly normalization: Normalization; readonly formation?: Formation };
  /** SHA-256 (hex, 16 digits) over all of the above but the name, and but the seeds, which only make it more certain. */
  readonly hash: string;
}

const curve = { points: 10, trainingImages: 1000 } as const;

/**
 * The official code's `evaluate_synset`: E + 1 epochs, and after those numbered 0 to ⌊E/2⌋ + 1 a new optimiser of a tenth
 * of the rate.
 */
const gradientMatching = {
  batchSize: { atMost: 256 },
  optimizer: { kind: 'sgd', learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4, decay: 'all' },
  rate: 'given',
  cutMix: 0,
  labels: { mode: 'hard' },
  curve,
} as const;

/** E = 1000: 502 of 1001 epochs at the full rate. */
const dsa = {
  ...gradientMatching,
  length: { epochs: 1001 },
  schedule: { kind: 'multi-step', milestones: [0.5015], factor: 0.1, restart: true },
  augmentation: dsaTraining,
  seeds: 20,
} as const;

/** PyTorch's, at its usual settings. */
const adamW = {
  kind: 'adamw',
  learningRate: 1e-3,
  betas: [0.9, 0.999],
  epsilon: 1e-8,
  weightDecay: 0.01,
} as const;

const rded = {
  length: { epochs: 300 },
  batchSize: { atMost: 50 },
  optimizer: { ...adamW, decay: 'weights' },
  schedule: { kind: 'cosine', floor: 0, span: 0.5 },
  augmentation: { ...noAugmentation, flip: true },
  rate: 'given',
  cutMix: 1,
  seeds: 5,
  labels: {
    mode: 'on-the-fly',
    teacher: { kind: 'trained', networks: 1, length: { epochs: 60 } },
    temperature: 20,
    correctToHard: false,
    hardShare: 0,
  },
  curve,
} as const;

/**
 * Settings of an evaluation that have a name.
 * - official: those of the official NCFM code for CIFAR, with the last step's accuracy in place of the best on test data
 * - dc: Zhao et al., "Dataset Condensation with Gradient Matching", ICLR 2021; E = 300: 152 of 301 epochs at the full rate
 * - dsa: Zhao & Bilen, "Dataset Condensation with Differentiable Siamese Augmentation", ICML 2021; DM has it too
 * - mtt: Cazenavette et al., "Dataset Distillation by Matching Training Trajectories", CVPR 2022: dsa at the step size that
 *   the set has learned
 * - rded: Sun et al., "On the Diversity and Realism of Distilled Dataset", CVPR 2024, for images up to 64 × 64, of which
 *   it shuffles and crops no parts; with 10 images per class
 * - rded-mosaic: the same for larger ones, which are mosaics of 2 × 2 patches: their patches change places, and crops of at
 *   least half of the area are shown
 */
export const namedProtocols = {
  official: {
    length: { epochs: 2000 },
    batchSize: 128,
    optimizer: { ...adamW, decay: 'all' },
    schedule: {
      kind: 'multi-step',
      milestones: [0.2, 0.4, 0.6, 0.8],
      factor: 0.5,
      restart: false,
    },
    augmentation: officialTraining,
    rate: 'given',
    cutMix: 0.5,
    seeds: 10,
    labels: { mode: 'hard' },
    curve,
  },
  dc: {
    ...gradientMatching,
    length: { epochs: 301 },
    schedule: { kind: 'multi-step', milestones: [0.505], factor: 0.1, restart: true },
    augmentation: noAugmentation,
    seeds: 20,
  },
  dsa,
  mtt: { ...dsa, rate: 'set' },
  rded,
  'rded-mosaic': {
    ...rded,
    augmentation: { ...rded.augmentation, bands: 2, resizedCrop: 0.5 },
  },
} as const satisfies { readonly [name: string]: EvaluateOptions };

export function evaluationProtocol(
  student: ModelOptions,
  { concurrency: _concurrency, ...options }: EvaluateOptions,
  preprocessing: EvaluationProtocol['preprocessing'],
): EvaluationProtocol {
  const { seeds: _, ...settings } = options;
  const identity = { version: protocolVersion, student, preprocessing, ...settings };
  return {
    name: protocolName(options),
    version: protocolVersion,
    student,
    preprocessing,
    ...options,
    hash: fingerprint(identity),
  };
}

/** The learning curve and the number of seeds do not change how a network is trained, and not the name. */
function protocolName(options: EvaluateOptions): string {
  const training = ({ seeds: _, curve: __, ...rest }: EvaluateOptions): string =>
    canonicalJson(rest);
  const own = training(options);
  const known = Object.entries(namedProtocols).find(([, named]) => training(named) === own);
  return known?.[0] ?? 'custom';
}

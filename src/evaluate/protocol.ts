import { officialTraining } from '../augment/index.js';
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

/**
 * Settings of an evaluation that have a name.
 * - official: those of the official NCFM code for CIFAR, with the last step's accuracy in place of the best on test data
 */
export const namedProtocols = {
  official: {
    length: { epochs: 2000 },
    batchSize: 128,
    optimizer: {
      kind: 'adamw',
      learningRate: 1e-3,
      betas: [0.9, 0.999],
      epsilon: 1e-8,
      weightDecay: 0.01,
    },
    schedule: { kind: 'multi-step', milestones: [0.2, 0.4, 0.6, 0.8], factor: 0.5 },
    augmentation: officialTraining,
    cutMix: 0.5,
    seeds: 10,
    labels: { mode: 'hard' },
    curve: { points: 10, trainingImages: 1000 },
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

import type { z } from 'zod';
import type { SiameseOptions, TrainingAugmentation } from '../../augment/index.js';
import { trainingAugmentation } from '../../augment/schema.js';
import { integer, integerOrAutomatic, mapping, number } from '../../core/fields.js';
import type { DescentOptions } from '../../distill/descent.js';
import { space } from '../../distill/schema.js';
import type { DistillOptions } from '../method.js';
import { methodSchema } from '../schema.js';

/** How a network learns from the synthetic images between two of their steps: plain stochastic gradient descent. */
export interface InnerTraining {
  /** Passes over the synthetic images; 0 for a network that stays as it was initialised. */
  readonly epochs: number;
  /** At most; all images where there are fewer. */
  readonly batchSize: number;
  readonly learningRate: number;
  readonly augmentation: TrainingAugmentation;
}

export interface GradientMatchingOptions extends DistillOptions, DescentOptions {
  /** Real images of each class that an iteration compares with. */
  readonly realPerClass: number;
  /** Iterations that one network serves, learning after each but the last. */
  readonly rounds: number;
  readonly inner: InnerTraining;
  readonly augmentation: SiameseOptions;
}

/** The papers' rounds and passes for images per class; in between, about as many steps in all. */
function usualRounds(imagesPerClass: number): { rounds: number; epochs: number } {
  const rounds = Math.min(imagesPerClass, 50);
  const published = new Map([
    [1, 1],
    [10, 50],
    [20, 25],
    [30, 20],
    [40, 15],
    [50, 10],
  ]);
  return { rounds, epochs: published.get(rounds) ?? Math.round(500 / rounds) };
}

export function gradientMatchingSchema<const Name extends string>(name: Name) {
  return methodSchema(name, {
    realPerClass: integer({ from: 1, to: 65_536 }),
    rounds: integerOrAutomatic({ from: 1, to: 10_000 }),
    inner: mapping({
      epochs: integerOrAutomatic({ from: 0, to: 100_000 }),
      batchSize: integer({ from: 1, to: 65_536 }),
      learningRate: number({ above: 0, to: 100 }),
      augmentation: trainingAugmentation,
    }),
    space,
  }).transform(({ rounds, inner, ...options }) => {
    const usual = usualRounds(options.imagesPerClass);
    return {
      ...options,
      rounds: rounds === 'auto' ? usual.rounds : rounds,
      inner: { ...inner, epochs: inner.epochs === 'auto' ? usual.epochs : inner.epochs },
    };
  }) satisfies z.ZodType<GradientMatchingOptions>;
}

/** The papers', but for the start: DC's is Gaussian noise, and the papers count an iteration for each network. */
export const gradientMatchingDefaults = {
  formation: { mode: 'single', factor: 1 },
  initialization: { kind: 'random' },
  iterations: 1000,
  realPerClass: 256,
  rounds: 'auto',
  inner: { epochs: 'auto', batchSize: 256, learningRate: 0.01 },
  optimizer: { kind: 'sgd', learningRate: 0.1, momentum: 0.5 },
  schedule: { kind: 'constant' },
  space: 'normalised',
  onNonFinite: 'stop',
} as const;

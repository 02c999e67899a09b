import { UsageError } from '../../core/index.js';
import { scope, type Tensor } from '../../tensor/index.js';
import { characteristicFunction } from './characteristic.js';
import { gradientAgreement, type Halves, type ObjectiveInput } from './gradient-agreement.js';
import { noiseRatio, testPower } from './two-sample.js';

/**
 * What the sampling network ψ makes as large as it can.
 * - discrepancy: the discrepancy itself, as in the paper; ψ's gradient comes with the images' own
 * - ratio: how far the discrepancy rises above sampling noise; see `noiseRatio`
 * - power: the power of a two-sample test at ψ's frequencies; see `testPower`
 * - agreement: how far two halves of the real batch pull the synthetic features the same way; see `gradientAgreement`
 *
 * The discrepancy alone rewards mere scale: far from the origin both characteristic functions are noise, and their
 * distance is √(1/N + 1/M) whatever the images are.
 */
export const samplingObjectives = ['discrepancy', 'ratio', 'power', 'agreement'] as const;
export type SamplingObjective = (typeof samplingObjectives)[number];

/** The least real images of a class in a batch that an objective can be computed from. */
export const leastRealImages: Readonly<Record<SamplingObjective, number>> = {
  discrepancy: 1,
  // One image has no spread.
  ratio: 2,
  power: 2,
  // Of a half of one image no direction but that image's own is left.
  agreement: 4,
};

/** Throws UsageError when a batch has too few real images of a class for an objective. */
export function requireRealImages(
  objective: SamplingObjective = 'discrepancy',
  perClass: number,
): void {
  const least = leastRealImages[objective];
  if (perClass >= least) return;
  throw new UsageError(
    `the sampling network's objective '${objective}' needs at least ${least} real images per class in each batch, got ${perClass}; draw more or choose another objective`,
  );
}

/** An objective of ψ that is not the images' own, with what it needs. */
export type OwnObjective =
  | { readonly kind: 'ratio' | 'power' }
  | { readonly kind: 'agreement'; readonly halves: Halves; readonly alpha: number };

/** The objective of each class [classes]. All images of a class count as one group, whatever clusters they come from. */
export function samplingObjective(objective: OwnObjective, input: ObjectiveInput): Tensor {
  if (objective.kind === 'agreement')
    return gradientAgreement(input, objective.halves, objective.alpha);
  const { real, synthetic, frequencies, classes } = input;
  const sizes = { real: real.size(0) / classes, synthetic: synthetic.size(0) / classes };
  const criterion = objective.kind === 'ratio' ? noiseRatio : testPower;
  return scope(() =>
    criterion(
      characteristicFunction(real, frequencies, classes),
      characteristicFunction(synthetic, frequencies, classes),
      sizes,
    ),
  );
}

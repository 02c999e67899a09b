/**
 * The scores of DD-Ranking (Li et al., 2025, arXiv 2505.13300), which tell how much of a distilled set's accuracy is in
 * its images, and not in soft labels or in augmentation. Accuracies are fractions in [0, 1]; so are the scores, and a set
 * that gains nothing over random images and loses nothing against the whole data has (1 − e⁻¹)/(e − e⁻¹) ≈ 0.269.
 */

/** Weights of the two differences that a score is made of: `first` of the first, the rest of the second, in [0, 1]. */
export const usualWeight = 0.5;

export interface LabelRobustness {
  /** All real images, hard labels. */
  readonly realHard: number;
  /** The set with hard labels. */
  readonly syntheticHard: number;
  /** The set with the labels that it is used with. */
  readonly syntheticAny: number;
  /** As many random real images with labels of that kind. */
  readonly randomAny: number;
}

/** LRS: with α = w·(syntheticAny − randomAny) − (1 − w)·(realHard − syntheticHard), (e^α − e⁻¹)/(e − e⁻¹). */
export function labelRobustScore(accuracies: LabelRobustness, weight = usualWeight): number {
  requireFractions({ ...accuracies, weight });
  const improvementOverRandom = accuracies.syntheticAny - accuracies.randomAny;
  const hardLabelRecovery = accuracies.realHard - accuracies.syntheticHard;
  return normalized(weight * improvementOverRandom - (1 - weight) * hardLabelRecovery);
}

export interface AugmentationRobustness {
  /** The set and as many random real images, trained with augmentation. */
  readonly syntheticAugmented: number;
  readonly randomAugmented: number;
  /** The same without. */
  readonly syntheticPlain: number;
  readonly randomPlain: number;
}

/** ARS: with β = γ·(gain over random with augmentation) + (1 − γ)·(gain without), (e^β − e⁻¹)/(e − e⁻¹). */
export function augmentationRobustScore(
  accuracies: AugmentationRobustness,
  weight = usualWeight,
): number {
  requireFractions({ ...accuracies, weight });
  const augmented = accuracies.syntheticAugmented - accuracies.randomAugmented;
  const plain = accuracies.syntheticPlain - accuracies.randomPlain;
  return normalized(weight * augmented + (1 - weight) * plain);
}

function normalized(sum: number): number {
  return (Math.exp(sum) - Math.exp(-1)) / (Math.E - Math.exp(-1));
}

function requireFractions(values: { readonly [name: string]: number }): void {
  for (const [name, value] of Object.entries(values)) {
    if (value >= 0 && value <= 1) continue;
    throw new RangeError(`${name} is a fraction from 0 to 1, got ${value}`);
  }
}

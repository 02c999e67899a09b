import type { ClassShare } from '../../distill/class-share.js';
import { areFinite, NonFiniteError, type NonFiniteStep } from '../../distill/non-finite.js';
import type { Tensor } from '../../tensor/index.js';
import type { ExtractorChoice } from '../../train/extractors.js';

/** An iteration of the game whose loss or gradient is not a number. */
export interface NonFiniteIteration extends NonFiniteStep {
  readonly discrepancy: number;
  readonly fineTuneLoss: number | undefined;
  readonly frequencyObjective: number | undefined;
  readonly frequencyScale: number;
  readonly learningRate: number;
  readonly extractor: ExtractorChoice;
}

/** Throws NonFiniteError unless the losses of an iteration, and every element of its gradients, are finite in all processes. */
export function requireFiniteStep(
  step: NonFiniteIteration,
  gradients: readonly (Tensor | undefined)[],
  share: ClassShare,
): void {
  const { discrepancy, fineTuneLoss = 0, frequencyObjective = 0 } = step;
  const hasLoss = Number.isFinite(discrepancy + fineTuneLoss + frequencyObjective);
  if (hasLoss && share.every(areFinite(gradients))) return;
  throw nonFinite(step);
}

/** The error of an iteration whose losses, or else gradients, are not finite. */
export function nonFinite(step: NonFiniteIteration): NonFiniteError {
  const { discrepancy, fineTuneLoss = 0, frequencyObjective = 0, frequencyScale, extractor } = step;
  const hasLoss = Number.isFinite(discrepancy + fineTuneLoss + frequencyObjective);
  const circumstances = `frequency scale ${frequencyScale.toPrecision(3)}, network ${extractor.network + 1} of the pool`;
  return new NonFiniteError(hasLoss ? 'gradient' : 'loss', circumstances, step);
}

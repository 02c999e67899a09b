import { FailureError } from '../core/index.js';
import type { Tensor } from '../tensor/index.js';

/** An iteration whose loss or gradient is not a number; what JSON cannot hold is told as text. */
export interface NonFiniteStep {
  readonly iteration: number;
  readonly discrepancy: number;
  readonly fineTuneLoss: number | undefined;
  readonly frequencyObjective: number | undefined;
  readonly frequencyScale: number;
  readonly learningRate: number;
  /** The draw of the extractor: which network of the pool, and its weight of initial parameters. */
  readonly extractor: { readonly network: number; readonly beta: number };
}

/** A step along such a gradient would spoil every image: the images are as they were before it. */
export class NonFiniteError extends FailureError {
  readonly step: NonFiniteStep;

  constructor(step: NonFiniteStep) {
    const { iteration, frequencyScale, extractor } = step;
    super(
      `the ${hasFiniteLoss(step) ? 'gradient' : 'loss'} is not finite at iteration ${iteration} (frequency scale ${frequencyScale.toPrecision(3)}, network ${extractor.network + 1} of the pool); try a smaller learning rate (distill.optimizer.learningRate), or leave such iterations out (distill.onNonFinite: skip)`,
    );
    this.step = step;
  }
}

function hasFiniteLoss({ discrepancy, fineTuneLoss = 0, frequencyObjective = 0 }: NonFiniteStep) {
  return Number.isFinite(discrepancy + fineTuneLoss + frequencyObjective);
}

/** Throws NonFiniteError unless the losses of a step, and every element of its gradients, are finite. */
export function requireFiniteStep(
  step: NonFiniteStep,
  gradients: readonly (Tensor | undefined)[],
): void {
  // A sum is not finite when one of its elements is not.
  const sums = gradients.map((gradient) => gradient?.sum().item() ?? 0);
  if (hasFiniteLoss(step) && sums.every(Number.isFinite)) return;
  throw new NonFiniteError(step);
}

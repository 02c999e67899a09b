import { FailureError } from '../core/errors.js';
import { scope, type Tensor } from '../tensor/index.js';

/** An iteration that has no number for a loss or gradient, with what is known of it. */
export interface NonFiniteStep {
  readonly iteration: number;
}

/** A step along such a gradient would spoil every image: the images are as they were before it. */
export class NonFiniteError<Step extends NonFiniteStep = NonFiniteStep> extends FailureError {
  readonly step: Step;

  /**
   * @param what the loss or the gradient
   * @param circumstances what was drawn for the iteration, in words
   */
  constructor(what: 'loss' | 'gradient', circumstances: string, step: Step) {
    super(
      `the ${what} is not finite at iteration ${step.iteration} (${circumstances}); try a smaller learning rate (distill.optimizer.learningRate), or leave such iterations out (distill.onNonFinite: skip)`,
    );
    this.step = step;
  }
}

/**
 * The same for values of any kind on a device, as a scalar that is true or false there: whether each is finite. A sum beyond
 * the largest number counts as not finite.
 */
export function finiteOnDevice(values: readonly (Tensor | undefined)[]): Tensor {
  return scope(() =>
    values
      .flatMap((value) => (value === undefined ? [] : [value.detach().sum()]))
      .reduce((total, value) => total.add(value))
      .finiteElements(),
  );
}

/** Whether every element of some gradients is a finite number. */
export function areFinite(gradients: readonly (Tensor | undefined)[]): boolean {
  // A sum is not finite when one of its elements is not.
  return gradients.every((gradient) => Number.isFinite(gradient?.sum().item() ?? 0));
}

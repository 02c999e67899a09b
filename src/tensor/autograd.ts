import { native } from './native.js';
import { type Synchronous, synchronous } from './scope.js';
import { Tensor } from './tensor.js';

export interface GradOptions {
  /** One weight per output (its own shape); 1 for a scalar output when left out. */
  readonly gradOutputs?: readonly Tensor[];
  /** Keep the graph for a second call; it is released otherwise. */
  readonly retainGraph?: boolean;
  /**
   * Record how the gradients come about, so that they can be differentiated in turn; keeps the graph too. Our own
   * operators (`convolutionBlock`, `characteristicMeans`) throw then, having first-order gradients only.
   */
  readonly createGraph?: boolean;
}

/**
 * The gradients of the sum of `outputs` (weighted by `gradOutputs`) with respect to each of `inputs`, by one backward
 * pass; shapes as the inputs. Throws when an input does not take part in the outputs: a gradient that is silently
 * missing would train nothing.
 */
export function grad(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  options: GradOptions = {},
): Tensor[] {
  const gradients = native.grad(
    outputs.map((output) => output.handle),
    inputs.map((input) => input.handle),
    options.gradOutputs?.map((weight) => weight.handle) ?? null,
    options.retainGraph ?? options.createGraph ?? false,
    options.createGraph ?? false,
    true,
  );
  const unused = gradients.indexOf(null);
  if (unused >= 0) {
    for (const handle of gradients) if (handle !== null) native.dispose(handle);
    throw new Error(`input ${unused} of grad() takes no part in the outputs`);
  }
  return gradients.map((handle) => new Tensor(handle!));
}

/** Runs `body` without recording operations for gradients. Throws TypeError if it is asynchronous. */
export function noGrad<T>(body: () => Synchronous<T>): T {
  const previous = native.setGradEnabled(false);
  try {
    return synchronous(body(), 'noGrad');
  } finally {
    native.setGradEnabled(previous);
  }
}

import { expect } from 'vitest';
import { grad, noGrad, scope, type Tensor } from '../index.js';
import { numbers, relativeError } from './compare.js';
import { tensor } from './on-device.js';

export interface GradientCheckOptions {
  /** Half the distance between the two evaluations. */
  readonly epsilon?: number;
  /** The largest relative error of each input's whole gradient. */
  readonly tolerance?: number;
}

/** Any tensor as one number in which no two elements weigh the same. */
function weighted(output: Tensor): Tensor {
  const weights = Array.from({ length: output.length }, (_, index) => Math.cos(1 + 0.7 * index));
  return output.mul(tensor(weights, output.shape, 'float64')).sum();
}

/**
 * Checks the gradient of `fn` with respect to every input by central differences in double precision. The inputs are
 * float64 tensors at which `fn` is smooth; `fn` must give the same result for the same inputs.
 */
export function expectGradient(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  { epsilon = 1e-5, tolerance = 1e-7 }: GradientCheckOptions = {},
): void {
  const analytic = scope(() => {
    const leaves = inputs.map((input) => input.detach().clone().setRequiresGrad(true));
    return grad([weighted(fn(...leaves))], leaves).map(numbers);
  });
  for (const [position, input] of inputs.entries()) {
    expect(input.dtype).toBe('float64');
    const numeric = differences(fn, inputs, position, epsilon);
    expect(Math.hypot(...numeric), `input ${position} makes no difference`).toBeGreaterThan(0);
    expect(
      relativeError(analytic[position]!, numeric),
      `gradient of input ${position}`,
    ).toBeLessThan(tolerance);
  }
}

function differences(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  position: number,
  epsilon: number,
): number[] {
  const { shape } = inputs[position]!;
  const values = numbers(inputs[position]!);
  const evaluate = (index: number, change: number): number =>
    scope(() =>
      noGrad(() => {
        const moved = tensor(values.with(index, values[index]! + change), shape, 'float64');
        return weighted(fn(...inputs.with(position, moved))).item();
      }),
    );
  return values.map(
    (_, index) => (evaluate(index, epsilon) - evaluate(index, -epsilon)) / (2 * epsilon),
  );
}

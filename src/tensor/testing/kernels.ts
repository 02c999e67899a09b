/** What tests of our kernels share: every compilation of them, sizes, and the same of LibTorch's operators. */
import { afterAll, beforeAll, expect } from 'vitest';
import {
  avgPool2d,
  conv2d,
  type DType,
  engine,
  grad,
  groupNorm,
  setThreads,
  type Tensor,
  threads,
} from '../index.js';
import { native } from '../native.js';
import { RandomGenerator } from './on-device.js';

export const normal = (seed: number, ...shape: number[]): Tensor =>
  new RandomGenerator(seed).normal(shape, 'float64');

/** Results and gradients of an operator, from copies of the inputs in a precision. */
export function differentiate(
  dtype: DType,
  inputs: readonly Tensor[],
  operator: (...inputs: Tensor[]) => readonly Tensor[],
): Tensor[] {
  const own = inputs.map((input) => input.to(dtype).clone().setRequiresGrad(true));
  const outputs = operator(...own);
  const gradOutputs = outputs.map((output, index) => normal(90 + index, ...output.shape).to(dtype));
  return [...outputs, ...grad(outputs, own, { gradOutputs })];
}

/** Largest error relative to the largest value. */
export function relativeError(actual: Tensor, exact: Tensor): number {
  const error = actual.to('float64').sub(exact).abs().max().item();
  return error / exact.abs().max().item();
}

/** Every set of kernels by threads; that in the precision of bfloat16s, whose code is that of `amx`, once. */
export const compilations = engine().instructionSets.flatMap((name) =>
  (name === 'amx_bf16' ? [2] : [1, 2, 3]).map((count) => [name, count] as const),
);

/**
 * Expects each result to be at most `most` of the largest value away from the exact ones; of kernels in the precision of
 * bfloat16s, 5 % of the values' root mean square on average, for where a number is near 0 they may take the other side of ReLU.
 */
export function expectExact(
  instructionSet: string,
  actual: readonly Tensor[],
  exact: readonly Tensor[],
  most: number,
): void {
  for (const [index, tensor] of actual.entries()) {
    const right = exact[index]!;
    expect(tensor.shape).toEqual(right.shape);
    if (instructionSet === 'amx_bf16') {
      const error = tensor.to('float64').sub(right).square().sum().item();
      expect(Math.sqrt(error / right.square().sum().item())).toBeLessThan(0.05);
    } else {
      expect(relativeError(tensor, right)).toBeLessThan(most);
    }
  }
}

/** Has the tests of a suite run on the kernels for an instruction set, on so many threads. */
export function useKernels(instructionSet: string, count: number): void {
  const before = { instructionSet: native.instructionSet(), threads: threads() };
  beforeAll(() => {
    native.instructionSet(instructionSet);
    setThreads(count);
  });
  afterAll(() => {
    native.instructionSet(before.instructionSet);
    setThreads(before.threads);
  });
}

export interface BlockSize {
  readonly images: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly height: number;
  readonly width: number;
  readonly padding: number;
}

/** The last one has no kernel. */
export const blockSizes: readonly BlockSize[] = [
  { images: 3, inputs: 128, outputs: 128, height: 16, width: 16, padding: 1 },
  { images: 5, inputs: 32, outputs: 32, height: 8, width: 8, padding: 1 },
  { images: 7, inputs: 20, outputs: 70, height: 13, width: 9, padding: 1 },
  { images: 3, inputs: 9, outputs: 11, height: 5, width: 7, padding: 1 },
  { images: 1, inputs: 8, outputs: 5, height: 2, width: 2, padding: 1 },
  { images: 1, inputs: 16, outputs: 16, height: 64, width: 64, padding: 1 },
  { images: 2, inputs: 1, outputs: 128, height: 28, width: 28, padding: 3 },
  { images: 2, inputs: 3, outputs: 16, height: 32, width: 32, padding: 1 },
  { images: 3, inputs: 7, outputs: 19, height: 6, width: 5, padding: 0 },
  { images: 1, inputs: 1, outputs: 1, height: 4, width: 4, padding: 1 },
  { images: 2, inputs: 9, outputs: 4, height: 6, width: 6, padding: 2 },
];

/** What goes into a block, in double precision; how the parameters move has the same shapes. */
export function blockInputs({ images, inputs, outputs, height, width }: BlockSize) {
  return {
    x: normal(1, images, inputs, height, width),
    weight: normal(2, outputs, inputs, 3, 3).mul(0.1),
    bias: normal(3, outputs),
    scale: normal(4, outputs),
    shift: normal(5, outputs),
  };
}

export function blockOfParts(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  scale: Tensor,
  shift: Tensor,
  padding: number,
): Tensor {
  const y = conv2d(x, weight, bias.to(x.dtype), [1, 1], [padding, padding]);
  return avgPool2d(groupNorm(y, bias.length, scale, shift, 1e-5).relu(), [2, 2], [2, 2]);
}

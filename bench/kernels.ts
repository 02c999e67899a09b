import { RandomGenerator, type Tensor } from 'ncfm';
import { grad, noGrad, ops } from 'ncfm/tensor';
import type { KernelResult } from './jobs.js';
import { medianSeconds } from './timing.js';

/** One of our operators and the LibTorch operators that compute the same. */
export interface KernelCase {
  readonly name: string;
  readonly ours: () => Tensor;
  readonly composition: () => Tensor;
}

/** Every operator of native/kernels at the sizes of the official setting. */
export function kernelCases(tiny: boolean): KernelCase[] {
  const width = tiny ? 8 : 128;
  const second = { inputs: width, outputs: width, side: 16, padding: 1 };
  return [
    ...convolutionBlock('first block', { inputs: 1, outputs: width, side: 28, padding: 3 }),
    ...convolutionBlock('second block', second),
    ...convolutionBlockTangent('second block', second),
    ...characteristicFunction(tiny),
  ];
}

interface BlockSize {
  readonly inputs: number;
  readonly outputs: number;
  readonly side: number;
  readonly padding: number;
}

function convolutionBlock(which: string, size: BlockSize): KernelCase[] {
  const { inputs, outputs, side, padding } = size;
  const random = new RandomGenerator(0);
  const images = random.normal([64, inputs, side, side]);
  const weight = random.normal([outputs, inputs, 3, 3]);
  const [bias, normWeight, normBias] = [1, 2, 3].map(() => random.normal([outputs])) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  return withGradient(
    `convolution_block, ${which}`,
    [images],
    ([x]) => ops.convolutionBlock(x!, weight, bias, normWeight, normBias, padding, 1e-5),
    ([x]) =>
      ops
        .groupNorm(
          x!.conv2d(weight, bias, [1, 1], [padding, padding]),
          outputs,
          normWeight,
          normBias,
          1e-5,
        )
        .relu()
        .avgPool2d([2, 2]),
  );
}

/** The block and its derivative along a direction, with gradients of both to images and weights, as MTT has them. */
function convolutionBlockTangent(which: string, size: BlockSize): KernelCase[] {
  const { inputs, outputs, side, padding } = size;
  const random = new RandomGenerator(0);
  const images = [0, 1].map(() => random.normal([64, inputs, side, side]));
  const [weight, weightMove] = [0, 1].map(() => random.normal([outputs, inputs, 3, 3]));
  const [bias, scale, scaleMove, shift, shiftMove] = Array.from({ length: 5 }, () =>
    random.normal([outputs]),
  ) as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const perChannel = (parameter: Tensor) => parameter.reshape([1, outputs, 1, 1]);
  const mean = (x: Tensor) => x.mean([2, 3], true);
  return withGradient(
    `convolution_block_tangent, ${which}`,
    [...images, weight!],
    ([x, xMove, w]) => {
      const norm = [scale, scaleMove, shift, shiftMove] as const;
      const convolution = [x!, xMove!, w!, weightMove!, bias] as const;
      const [value, tangent] = ops.convolutionBlockTangent(...convolution, ...norm, padding, 1e-5);
      return value.add(tangent);
    },
    ([x, xMove, w]) => {
      const convolve = (maps: Tensor, by: Tensor) =>
        maps.conv2d(by, null, [1, 1], [padding, padding]);
      const maps = convolve(x!, w!);
      const moved = convolve(xMove!, w!).add(convolve(x!, weightMove!));
      const centred = maps.sub(mean(maps));
      const deviation = mean(centred.square()).add(1e-5).sqrt();
      const normed = centred.div(deviation);
      const turned = moved
        .sub(mean(moved))
        .sub(normed.mul(mean(normed.mul(moved))))
        .div(deviation);
      const value = normed.mul(perChannel(scale)).add(perChannel(shift));
      const tangent = turned
        .mul(perChannel(scale))
        .add(normed.mul(perChannel(scaleMove)))
        .add(perChannel(shiftMove));
      return value
        .relu()
        .add(tangent.mul(value.gt(0)))
        .avgPool2d([2, 2]);
    },
  );
}

/** The real images of one class. */
function characteristicFunction(tiny: boolean): KernelCase[] {
  const random = new RandomGenerator(0);
  const dimension = tiny ? 128 : 2048;
  const features = random.normal([tiny ? 64 : 1024, dimension]).mul(1 / Math.sqrt(dimension));
  const frequencies = random.normal([tiny ? 256 : 4096, dimension]);
  return withGradient(
    'characteristic_function',
    [features, frequencies],
    ([f, t]) => {
      const [cosines, sines] = ops.characteristicMeans(f!, t!, 1);
      return cosines.add(sines);
    },
    ([f, t]) => {
      const projections = f!.matmul(t!.transpose(0, 1));
      return projections
        .cos()
        .mean([0], true)
        .add(projections.sin().mean([0], true));
    },
  );
}

type Operation = (inputs: readonly Tensor[]) => Tensor;

/** The operation alone without gradients, and with its gradient to every input. */
function withGradient(
  name: string,
  inputs: readonly Tensor[],
  ours: Operation,
  composition: Operation,
): KernelCase[] {
  const variables = inputs.map((input) => input.detach().clone().setRequiresGrad(true));
  const forward = (operation: Operation) => () => noGrad(() => operation(inputs));
  const both = (operation: Operation) => () => grad([operation(variables).sum()], variables)[0]!;
  return [
    { name: `${name}, forward`, ours: forward(ours), composition: forward(composition) },
    { name: `${name}, and backward`, ours: both(ours), composition: both(composition) },
  ];
}

/** Times every operator against its composition. */
export function timeKernels(options: {
  readonly seconds: number;
  readonly tiny: boolean;
}): KernelResult[] {
  return kernelCases(options.tiny).map(({ name, ours, composition }) => ({
    name,
    oursSeconds: medianSeconds(ours, options.seconds),
    compositionSeconds: medianSeconds(composition, options.seconds),
  }));
}

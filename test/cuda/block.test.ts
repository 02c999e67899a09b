/** A GPU's part of the ConvNet's block, run by threads of the processor's that take turns (emulated/). */
import { afterEach, describe, expect, it } from 'vitest';
import {
  avgPool2d,
  grad,
  groupNorm,
  liveTensors,
  noGrad,
  scope,
  type Tensor,
} from '../../src/tensor/index.js';
import { expectNear, numbers } from '../../src/tensor/testing/compare.js';
import {
  type BlockSize,
  blockInputs,
  blockOfParts,
  differentiate,
  normal,
  relativeError,
} from '../../src/tensor/testing/kernels.js';
import { describeOnHost } from '../../src/tensor/testing/on-device.js';
import { becomeGpu, gpuConvolutionBlock } from './emulated-gpu.js';

/** Odd sides, maps of one window, more channels than a warp has threads, fewer, and one. */
const sizes: readonly BlockSize[] = [
  { images: 2, inputs: 3, outputs: 40, height: 9, width: 12, padding: 1 },
  { images: 3, inputs: 2, outputs: 5, height: 2, width: 2, padding: 1 },
  { images: 1, inputs: 1, outputs: 1, height: 4, width: 5, padding: 1 },
  { images: 2, inputs: 4, outputs: 32, height: 20, width: 17, padding: 1 },
  { images: 2, inputs: 1, outputs: 8, height: 6, width: 6, padding: 3 },
  { images: 3, inputs: 2, outputs: 33, height: 6, width: 5, padding: 0 },
];

type Layout = 'first' | 'last';

const single = (tensor: Tensor): Tensor => tensor.to('float32');

/** Images with their channels last have the convolution's result so, too. */
const inLayout = (x: Tensor, layout: Layout): Tensor =>
  layout === 'first' ? x : x.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2]);

/** A block whose convolution leaves its input as it is: for what its second half makes of maps. */
function afterConvolution(y: Tensor, scale: Tensor, shift: Tensor): Tensor {
  const channels = y.size(1);
  const weight = Array.from({ length: channels }, (_, index) => index);
  const identity = normal(1, channels, channels, 1, 1).mul(0).to(y.dtype);
  for (const index of weight) {
    const one = identity.narrow(0, index, 1).narrow(1, index, 1);
    one.copy_(one.add(1));
  }
  return gpuConvolutionBlock(y, identity, shift.mul(0).to(y.dtype), scale, shift, 0, 1e-5);
}

describeOnHost("a GPU's block", () => {
  afterEach(() => void becomeGpu(90, false, false));

  describe.each(['first', 'last'] as const)('with channels %s', (layout) => {
    it.each(sizes)(
      'has the values and gradients of its parts: $images images of $inputs channels, $height×$width, to $outputs',
      (size) => {
        scope(() => {
          const { x, weight, bias, scale, shift } = blockInputs(size);
          const tensors = [x, weight, scale, shift];
          const exact = differentiate('float64', tensors, (x, weight, scale, shift) => [
            blockOfParts(x!, weight!, bias, scale!, shift!, size.padding),
          ]);
          const actual = differentiate('float32', tensors, (x, weight, scale, shift) => [
            gpuConvolutionBlock(
              ...([inLayout(x!, layout), weight!, single(bias)] as const),
              ...([scale!, shift!, size.padding, 1e-5] as const),
            ),
          ]);
          expect(actual).toHaveLength(5);
          for (const [index, tensor] of actual.entries()) {
            expect(tensor.shape).toEqual(exact[index]!.shape);
            expect(relativeError(tensor, exact[index]!)).toBeLessThan(3e-5);
          }
        });
      },
    );

    it('takes maps of bfloat16, whose statistics and sums are of single precision', () => {
      scope(() => {
        const y = inLayout(normal(3, 2, 6, 8, 8).to('bfloat16'), layout);
        const [scale, shift] = [normal(4, 6), normal(5, 6)];
        const own = y.clone().setRequiresGrad(true);
        const pooled = afterConvolution(own, single(scale), single(shift));
        const exact = avgPool2d(
          groupNorm(y.to('float64'), 6, scale, shift, 1e-5).relu(),
          ...([
            [2, 2],
            [2, 2],
          ] as const),
        );
        expect(pooled.dtype).toBe('bfloat16');
        expect(relativeError(pooled, exact)).toBeLessThan(8e-3);
        const [gradient] = grad([pooled.sum()], [own]);
        expect(gradient!.dtype).toBe('bfloat16');
      });
    });

    it('keeps what is not a number to its own image', () => {
      scope(() => {
        const y = single(normal(3, 2, 3, 4, 4));
        const one = y.narrow(0, 1, 1).narrow(1, 2, 1).narrow(2, 3, 1).narrow(3, 0, 1);
        one.copy_(one.mul(Number.NaN));
        const [scale, shift] = [single(normal(4, 3)), single(normal(5, 3))];
        const pooled = numbers(noGrad(() => afterConvolution(inLayout(y, layout), scale, shift)));
        expect(pooled.map(Number.isNaN)).toEqual(pooled.map((_, index) => index >= 3 * 4));
      });
    });

    it('loses no digits to a mean far from 0', () => {
      scope(() => {
        const y = normal(3, 1, 4, 16, 16).to('float32').add(1000);
        const [scale, shift] = [normal(4, 4), normal(5, 4)];
        const exact = avgPool2d(
          groupNorm(y.to('float64'), 4, scale, shift, 1e-5).relu(),
          ...([
            [2, 2],
            [2, 2],
          ] as const),
        );
        const pooled = afterConvolution(inLayout(y, layout), single(scale), single(shift));
        // The values themselves are rounded to 6e-5 of their deviation, and the means of them to as much.
        expect(relativeError(pooled, exact)).toBeLessThan(2e-4);
      });
    });

    it('makes of maps without any change what their shift is', () => {
      scope(() => {
        const y = normal(3, 2, 3, 4, 4).mul(0).add(7).to('float32');
        const shift = single(normal(5, 3));
        const pooled = afterConvolution(inLayout(y, layout), single(normal(4, 3)), shift);
        const expected = numbers(shift).map((value) => Math.max(0, value));
        expect(numbers(pooled)).toEqual(
          Array.from({ length: 24 }, (_, index) => expected[Math.floor(index / 4) % 3]!),
        );
      });
    });
  });

  const { x, weight, bias, scale, shift } = blockInputs(sizes[0]!);
  const inputs = () => [x, weight, bias, scale, shift].map((each) => single(each).clone());
  const block = (tensors: readonly Tensor[]): Tensor => {
    const [x, weight, bias, scale, shift] = tensors as [Tensor, Tensor, Tensor, Tensor, Tensor];
    return gpuConvolutionBlock(x, weight, bias, scale, shift, 1, 1e-5);
  };

  it('has a gradient of 0 for the bias, which its normalisation subtracts again', () => {
    scope(() => {
      const tensors = inputs();
      tensors[2]!.setRequiresGrad(true);
      const [gradient] = grad([block(tensors).sum()], [tensors[2]!]);
      expectNear(gradient!, tensors[2]!.mul(0), 0);
    });
  });

  it('gives the same bytes again, with gradients or without', () => {
    scope(() => {
      const tensors = inputs();
      const first = numbers(noGrad(() => block(tensors)));
      for (const tensor of tensors) tensor.setRequiresGrad(true);
      const gradients = () => grad([block(tensors).square().sum()], tensors).map(numbers);
      expect(numbers(block(tensors).detach())).toEqual(first);
      expect(gradients()).toEqual(gradients());
    });
  });

  it('is composed of others in double precision', () => {
    scope(() => {
      const exact = blockOfParts(x, weight, bias, scale, shift, 1);
      expectNear(block([x, weight, bias, scale, shift]), exact, 1e-12);
    });
  });

  it('has no gradients of gradients, and says so', () => {
    scope(() => {
      const tensors = inputs();
      tensors[0]!.setRequiresGrad(true);
      const loss = block(tensors).sum();
      expect(() => grad([loss], [tensors[0]!], { createGraph: true })).toThrow(
        /ncfm::convolution_block has no second-order gradients/,
      );
    });
  });

  it('leaves nothing behind', () => {
    const before = liveTensors();
    scope(() => {
      const tensors = inputs();
      for (const tensor of tensors) tensor.setRequiresGrad(true);
      grad([block(tensors).sum()], tensors);
    });
    expect(liveTensors()).toBe(before);
  });
});

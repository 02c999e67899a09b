import { describe, expect, it } from 'vitest';
import { convolutionBlockTangent, grad, liveTensors, scope, type Tensor } from './index.js';
import { expectNear, numbers } from './testing/compare.js';
import {
  blockInputs,
  blockOfParts,
  blockSizes,
  compilations,
  differentiate,
  expectExact,
  normal,
  useKernels,
} from './testing/kernels.js';
import { describeOnHost } from './testing/on-device.js';

/** How the inputs of a block move: as large as they are, the weights smaller. */
const moves = (inputs: readonly Tensor[]): Tensor[] =>
  inputs.map(({ shape }, index) => normal(20 + index, ...shape).mul(shape.length === 4 ? 0.1 : 1));

type Inputs = [x: Tensor, weight: Tensor, scale: Tensor, shift: Tensor];

describeOnHost.each(compilations)('the tangent kernels for %s on %i threads', (name, count) => {
  useKernels(name, count);

  describe.each(blockSizes.slice(0, -1))(
    'on $images images of $inputs channels, $height×$width, to $outputs',
    (size) => {
      const { x, weight, bias, scale, shift } = blockInputs(size);
      const values = [x, weight, scale, shift];
      const [xMove, ...parameterMoves] = moves(values) as Inputs;
      const zero = bias.mul(0);

      const fused = (x: Tensor, xTangent: Tensor | null, ...parameters: Tensor[]) => {
        const [weight, scale, shift] = parameters as [Tensor, Tensor, Tensor];
        const [w, s, b] = parameterMoves.map((move) => move.to('float32')) as typeof parameterMoves;
        const own = bias.to('float32');
        return convolutionBlockTangent(
          ...([x, xTangent, weight, w, own, scale, s, shift, b, size.padding, 1e-5] as const),
        );
      };

      /** By differences, so narrow that no pixel passes the kink of ReLU in between. */
      const parts = (x: Tensor, xTangent: Tensor | null, ...parameters: Tensor[]) => {
        const at = (step: number) => {
          const [weight, scale, shift] = parameters.map((each, index) =>
            each.add(parameterMoves[index]!.mul(step)),
          ) as [Tensor, Tensor, Tensor];
          const moved = xTangent === null ? x : x.add(xTangent.mul(step));
          return blockOfParts(moved, weight, zero, scale, shift, size.padding);
        };
        return [at(0), at(1e-8).sub(at(-1e-8)).div(2e-8)];
      };

      it.each([
        ['an input that moves', [x, xMove, ...values.slice(1)]],
        ['one that stays', values],
      ])('have the values and gradients of differences of the parts, for %s', (_which, inputs) => {
        const still = inputs === values;
        const of = (operator: typeof parts) =>
          still
            ? (x: Tensor, ...parameters: Tensor[]) => operator(x, null, ...parameters)
            : operator;
        scope(() => {
          const exact = differentiate('float64', inputs, of(parts));
          const actual = differentiate('float32', inputs, of(fused));
          expect(actual).toHaveLength(2 + inputs.length);
          expectExact(name, actual, exact, 1e-4);
        });
      });
    },
  );

  const block = (wanted: 'all' | 'images') => {
    const { x, weight, bias, scale, shift } = blockInputs({
      ...{ images: 12, inputs: 16, outputs: 16, height: 8, width: 8, padding: 1 },
    });
    const own = [x, weight, scale, shift].map((each) => each.to('float32').setRequiresGrad(true));
    const [a, w, s, b] = own as Inputs;
    const [aMove, wMove, sMove, bMove] = moves(own).map((each) => each.to('float32')) as Inputs;
    const [pooled, tangent] = convolutionBlockTangent(
      ...([a, aMove, w, wMove, bias.to('float32'), s, sMove, b, bMove, 1, 1e-5] as const),
    );
    const inputs = wanted === 'all' ? own : [a];
    return grad([pooled.square().sum(), tangent.square().sum()], inputs);
  };

  it('give only the gradients that are wanted, the same ones', () => {
    scope(() => expectNear(block('images')[0]!, block('all')[0]!, 0));
  });

  it('give the same bytes again, and leave nothing behind', () => {
    const before = liveTensors();
    scope(() => expect(block('all').map(numbers)).toEqual(block('all').map(numbers)));
    expect(liveTensors()).toBe(before);
  });
});

describeOnHost('the tangent kernels', () => {
  it('say what they expect', () => {
    const single = (seed: number, ...shape: number[]) => normal(seed, ...shape).to('float32');
    const [x, weight, c] = [single(1, 2, 3, 4, 4), single(2, 5, 3, 3, 3), single(3, 5)];
    const call = (x: Tensor, weightTangent: Tensor) =>
      convolutionBlockTangent(
        ...([x, null, weight, weightTangent, c, c, c, c, c, 1, 1e-5] as const),
      );
    expect(() => call(x.to('float64'), weight)).toThrow('expected float32 tensors on the CPU');
    expect(() => call(single(1, 2, 2, 4, 4), weight)).toThrow('expected images [n, c, h, w]');
    expect(() => call(x, c)).toThrow(
      'expected derivatives of the shape and type of what they are of',
    );
  });
});

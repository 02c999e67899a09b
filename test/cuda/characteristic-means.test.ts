/** The kernels for GPUs, run by threads of the processor's that take turns (emulated/). No GPU is needed, and none is used. */
import { afterEach, describe, expect, it } from 'vitest';
import {
  grad,
  liveTensors,
  noGrad,
  type ProjectionPrecision,
  scope,
  type Tensor,
} from '../../src/tensor/index.js';
import { expectNear, numbers } from '../../src/tensor/testing/compare.js';
import { differentiate, normal, relativeError } from '../../src/tensor/testing/kernels.js';
import { describeOnHost } from '../../src/tensor/testing/on-device.js';
import { becomeGpu, gpuCharacteristicMeans } from './emulated-gpu.js';

interface Size {
  readonly groups: number;
  readonly rows: number;
  readonly dimension: number;
  readonly frequencies: number;
}

/** Edges of tiles of 128 rows, 64 frequencies and 16 dimensions; groups that share a tile, and groups of several. */
const sizes: readonly Size[] = [
  { groups: 1, rows: 1, dimension: 1, frequencies: 1 },
  { groups: 2, rows: 7, dimension: 33, frequencies: 50 },
  { groups: 30, rows: 10, dimension: 64, frequencies: 70 },
  { groups: 3, rows: 64, dimension: 16, frequencies: 64 },
  { groups: 2, rows: 65, dimension: 5, frequencies: 3 },
  { groups: 1, rows: 128, dimension: 20, frequencies: 129 },
  { groups: 2, rows: 300, dimension: 9, frequencies: 65 },
  { groups: 1, rows: 2, dimension: 6, frequencies: 2001 },
];

const tolerances: readonly [ProjectionPrecision, number][] = [
  ['single', 1e-5],
  ['tf32x3', 1e-5],
  ['tf32', 5e-3],
  ['bfloat16', 4e-2],
];

/** Phases of a radian or so, as distillation has them. */
const inputs = ({ groups, rows, dimension, frequencies }: Size): [Tensor, Tensor] => [
  normal(6, groups * rows, dimension).mul(1 / Math.sqrt(dimension)),
  normal(7, frequencies, dimension),
];

const composed =
  ({ groups, rows, frequencies }: Size) =>
  (features: Tensor, t: Tensor): Tensor[] => {
    const phases = features.matmul(t.transpose(0, 1)).reshape([groups, rows, frequencies]);
    return [phases.cos().mean([1]), phases.sin().mean([1])];
  };

const single = (tensors: readonly Tensor[]) =>
  tensors.map((each) => each.to('float32').clone()) as [Tensor, Tensor];

describeOnHost("a GPU's characteristic means", () => {
  afterEach(() => void becomeGpu(90, false, false));

  describe.each(sizes)(
    'of $groups groups of $rows rows of $dimension at $frequencies frequencies',
    (size) => {
      it.each(tolerances)(
        'in %s have the values and gradients of their parts in double precision',
        (precision, most) => {
          scope(() => {
            const exact = differentiate('float64', inputs(size), (x, t) => composed(size)(x!, t!));
            const actual = differentiate('float32', inputs(size), (x, t) =>
              gpuCharacteristicMeans(x!, t!, size.groups, precision),
            );
            expect(actual).toHaveLength(4);
            for (const [index, tensor] of actual.entries()) {
              expect(tensor.shape).toEqual(exact[index]!.shape);
              expect(relativeError(tensor, exact[index]!)).toBeLessThan(most);
            }
          });
        },
      );
    },
  );

  const size = { groups: 3, rows: 20, dimension: 24, frequencies: 40 };
  const means = (x: Tensor, t: Tensor, precision?: ProjectionPrecision) =>
    gpuCharacteristicMeans(x, t, size.groups, precision);

  it('have gradients as differences of their values tell', () => {
    scope(() => {
      const [x, t] = single(inputs(size));
      const [weights, towards] = [normal(8, size.groups, size.frequencies), normal(9, ...x.shape)];
      const loss = (features: Tensor): Tensor => {
        const [cosines, sines] = means(features, t);
        return cosines.mul(weights.to('float32')).sum().add(sines.square().sum());
      };
      const at = (step: number): number =>
        noGrad(() => loss(x.add(towards.mul(step).to('float32'))).item());
      x.setRequiresGrad(true);
      const [gradient] = grad([loss(x)], [x]);
      const slope = gradient!.to('float64').mul(towards).sum().item();
      expect((at(3e-3) - at(-3e-3)) / 6e-3 / slope).toBeCloseTo(1, 2);
    });
  });

  it('give only the gradients that are wanted, the same ones', () => {
    scope(() => {
      const gradients = (ofFeatures: boolean, ofFrequencies: boolean) => {
        const [x, t] = single(inputs(size));
        const wanted = [...(ofFeatures ? [x] : []), ...(ofFrequencies ? [t] : [])];
        for (const tensor of wanted) tensor.setRequiresGrad(true);
        return grad([means(x, t)[0].sum()], wanted);
      };
      const [features, frequencies] = gradients(true, true);
      expectNear(gradients(true, false)[0]!, features!, 0);
      expectNear(gradients(false, true)[0]!, frequencies!, 0);
    });
  });

  it('are the same where no gradients are wanted, and again', () => {
    scope(() => {
      const [x, t] = single(inputs(size));
      const first = noGrad(() => means(x, t)).map(numbers);
      x.setRequiresGrad(true);
      expect(means(x, t).map(numbers)).toEqual(first);
    });
  });

  it('take matrices that begin anywhere in memory', () => {
    scope(() => {
      const [x, t] = single(inputs(size));
      const shifted = (matrix: Tensor): Tensor =>
        normal(3, 1 + matrix.length)
          .to('float32')
          .narrow(0, 1, matrix.length)
          .reshape(matrix.shape);
      const [y, s] = [shifted(x), shifted(t)];
      expect(means(y, s).map(numbers)).toEqual(means(y.clone(), s.clone()).map(numbers));
    });
  });

  it('have gradients of phases that are computed some rows at a time', () => {
    scope(() => {
      // 59 rows of them fit at once.
      const large = { groups: 1, rows: 70, dimension: 1, frequencies: 70_000 };
      const exact = differentiate('float64', inputs(large), (x, t) => composed(large)(x!, t!));
      const actual = differentiate('float32', inputs(large), (x, t) =>
        gpuCharacteristicMeans(x!, t!, 1),
      );
      for (const [index, tensor] of actual.entries()) {
        expect(relativeError(tensor, exact[index]!)).toBeLessThan(1e-5);
      }
    });
  }, 120_000);

  it('are right to 2e-7 up to thousands of radians in single precision', () => {
    scope(() => {
      const phases = normal(8, 300, 1).mul(2000).to('float32');
      const one = normal(1, 1, 1).mul(0).add(1).to('float32');
      const [cosines, sines] = gpuCharacteristicMeans(phases, one, 300);
      expectNear(cosines.to('float64'), phases.to('float64').cos(), 2e-7);
      expectNear(sines.to('float64'), phases.to('float64').sin(), 2e-7);
    });
  });

  it('keep what is not a number to its own group', () => {
    scope(() => {
      const [x, t] = single(inputs(size));
      const spoilt = normal(1, 60, 1).mul(0).to('float32');
      spoilt.narrow(0, 20, 1).copy_(spoilt.narrow(0, 0, 1).add(Number.NaN));
      const [cosines] = means(x.add(spoilt), t);
      const spread = numbers(cosines).map(Number.isNaN);
      expect(spread).toEqual(spread.map((_, index) => Math.floor(index / 40) === 1));
    });
  });

  it('are rounded by tensor cores, and not where three products make up for it', () => {
    scope(() => {
      const exact = composed(size)(...inputs(size))[0]!;
      const error = (precision: ProjectionPrecision) =>
        relativeError(means(...single(inputs(size)), precision)[0], exact);
      const [tf32, bfloat16, three] = [error('tf32'), error('bfloat16'), error('tf32x3')];
      expect(three).toBeLessThan(2e-6);
      expect(tf32).toBeGreaterThan(10 * three);
      expect(bfloat16).toBeGreaterThan(2 * tf32);
    });
  });

  it('are in single precision on a card without tensor cores for these types', () => {
    scope(() => {
      const [x, t] = single(inputs(size));
      const expected = means(x, t, 'single').map(numbers);
      expect(means(x, t, 'tf32').map(numbers)).not.toEqual(expected);
      becomeGpu(75, false, false);
      expect(means(x, t, 'tf32').map(numbers)).toEqual(expected);
    });
  });

  it('are refused on a card that computes wrong numbers, whenever they are asked for', () => {
    scope(() => {
      const [x, t] = single(inputs(size));
      becomeGpu(90, true, false);
      for (let time = 0; time < 2; ++time) {
        expect(() => means(x, t, 'tf32')).toThrow(
          /kernel for characteristic_function \(tf32, small groups\) computes wrong numbers on an emulated GPU \(compute capability 9.0\).*NCFM_CUDA_KERNELS=0/s,
        );
      }
      expect(numbers(means(x, t, 'single')[0])).toHaveLength(120);
    });
  });

  it('are refused where a graph is recorded before they were ever computed', () => {
    scope(() => {
      const [x, t] = single(inputs(size));
      becomeGpu(90, false, true);
      expect(() => means(x, t)).toThrow(/first time while a graph is recorded: run the step once/);
    });
  });

  it('are refused in a precision that there is not, and gradients of gradients are', () => {
    scope(() => {
      const [x, t] = single(inputs(size));
      expect(() => means(x, t, 'half' as ProjectionPrecision)).toThrow(
        /unknown precision 'half'; use 'single'/,
      );
      x.setRequiresGrad(true);
      const loss = means(x, t)[0].sum();
      expect(() => grad([loss], [x], { createGraph: true })).toThrow(
        /ncfm::characteristic_function has no second-order gradients/,
      );
    });
  });

  it('are composed of others in double precision, with gradients of gradients', () => {
    scope(() => {
      const [x, t] = inputs(size);
      x.setRequiresGrad(true);
      const [gradient] = grad([means(x, t)[0].square().sum()], [x], { createGraph: true });
      expect(numbers(grad([gradient!.square().sum()], [x])[0]!).every(Number.isFinite)).toBe(true);
    });
  });

  it('leave nothing behind', () => {
    const before = liveTensors();
    scope(() => {
      const [x, t] = single(inputs(size));
      x.setRequiresGrad(true);
      grad([means(x, t)[1].sum()], [x]);
    });
    expect(liveTensors()).toBe(before);
  });
});

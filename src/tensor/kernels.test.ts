import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  characteristicMeans,
  convolutionBlock,
  engine,
  grad,
  liveTensors,
  multiplyAdds,
  noGrad,
  scope,
  setThreads,
  type Tensor,
  threads,
} from './index.js';
import { native } from './native.js';
import { expectNear, numbers } from './testing/compare.js';
import {
  blockInputs,
  blockOfParts,
  blockSizes,
  compilations,
  differentiate,
  expectExact,
  normal,
  relativeError,
  useKernels,
} from './testing/kernels.js';
import { describeOnHost } from './testing/on-device.js';

describeOnHost.each(compilations)('the kernels for %s on %i threads', (name, count) => {
  useKernels(name, count);

  it('are in use', () => {
    expect(native.instructionSet()).toBe(name);
    expect(threads()).toBe(count);
  });

  describe.each(blockSizes)(
    'convolutionBlock on $images images of $inputs channels, $height×$width, to $outputs',
    (size) => {
      const { padding } = size;
      const { x, weight, bias, scale, shift } = blockInputs(size);
      const parts = (x: Tensor, weight: Tensor, scale: Tensor, shift: Tensor) => [
        blockOfParts(x, weight, bias, scale, shift, padding),
      ];
      const fused = (x: Tensor, weight: Tensor, scale: Tensor, shift: Tensor) => [
        convolutionBlock(x, weight, bias.to(x.dtype), scale, shift, padding, 1e-5),
      ];

      it('has the values and gradients of its parts in double precision', () => {
        const tensors = [x, weight, scale, shift];
        const exact = differentiate('float64', tensors, parts);
        const actual = differentiate('float32', tensors, fused);
        expect(actual).toHaveLength(1 + tensors.length);
        expectExact(name, actual, exact, 3e-5);
      });

      it('has the same values without gradients', () => {
        const single = [x, weight, scale, shift].map((tensor) => tensor.to('float32'));
        const call = () => fused(...(single as [Tensor, Tensor, Tensor, Tensor]))[0]!;
        const without = noGrad(call);
        single[0]!.setRequiresGrad(true);
        expectNear(without, call().detach(), 1e-6);
      });
    },
  );

  it('convolutionBlock gives only the gradients that are wanted, the same ones', () => {
    const x = normal(1, 4, 16, 8, 8).to('float32');
    const weight = normal(2, 16, 16, 3, 3).to('float32');
    const rest = [3, 4, 5].map((seed) => normal(seed, 16).to('float32'));
    const gradients = (wanted: readonly Tensor[]) => {
      for (const tensor of [x, weight]) tensor.setRequiresGrad(wanted.includes(tensor));
      const [bias, scale, shift] = rest as [Tensor, Tensor, Tensor];
      return grad([convolutionBlock(x, weight, bias, scale, shift, 1, 1e-5).sum()], wanted);
    };
    const [both, ofX, ofWeight] = [gradients([x, weight]), gradients([x]), gradients([weight])];
    expectNear(ofX[0]!, both[0]!, 0);
    expectNear(ofWeight[0]!, both[1]!, 0);
  });

  it('convolutionBlock takes what is not contiguous', () => {
    const x = normal(1, 12, 3, 6, 8).to('float32').transpose(0, 1);
    const weight = normal(2, 9, 12, 3, 3).to('float32');
    const [bias, scale, shift] = [3, 4, 5].map((seed) => normal(seed, 9).to('float32')) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const call = (images: Tensor) => convolutionBlock(images, weight, bias, scale, shift, 1, 1e-5);
    expectNear(call(x), call(x.contiguous()), 0);
  });

  it.each([12, 32])('convolutionBlock of %i channels keeps what is not a number', (channels) => {
    const weight = normal(2, 9, channels, 3, 3).to('float32');
    const [bias, scale, shift] = [3, 4, 5].map((seed) => normal(seed, 9).to('float32')) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const x = normal(1, 2, channels, 8, 8).to('float32').mul(Number.NaN);
    const maps = convolutionBlock(x, weight, bias, scale, shift, 1, 1e-5);
    expect(numbers(maps).every(Number.isNaN)).toBe(true);
  });

  describe.each([
    { groups: 2, rows: 7, dimension: 33, frequencies: 50 },
    { groups: 3, rows: 700, dimension: 20, frequencies: 1500 },
    { groups: 2, rows: 1500, dimension: 8, frequencies: 100 },
    { groups: 5, rows: 1100, dimension: 3, frequencies: 1601 },
    { groups: 1, rows: 1, dimension: 1, frequencies: 1 },
    { groups: 40, rows: 4, dimension: 64, frequencies: 1025 },
    { groups: 3, rows: 40, dimension: 2048, frequencies: 300 },
  ])(
    'characteristicMeans of $groups groups of $rows rows of $dimension at $frequencies frequencies',
    (size) => {
      // Phases of one radian or so, as distillation has them.
      const features = normal(6, size.groups * size.rows, size.dimension).mul(
        1 / Math.sqrt(size.dimension),
      );
      const frequencies = normal(7, size.frequencies, size.dimension);
      const composed = (features: Tensor, frequencies: Tensor) => {
        const phases = features
          .matmul(frequencies.transpose(0, 1))
          .reshape([size.groups, size.rows, size.frequencies]);
        return [phases.cos().mean([1]), phases.sin().mean([1])];
      };
      const fused = (features: Tensor, frequencies: Tensor) =>
        characteristicMeans(features, frequencies, size.groups);

      it('has the values and gradients of its parts in double precision', () => {
        const exact = differentiate('float64', [features, frequencies], composed);
        const actual = differentiate('float32', [features, frequencies], fused);
        expect(actual).toHaveLength(4);
        for (const [index, tensor] of actual.entries()) {
          expect(relativeError(tensor, exact[index]!)).toBeLessThan(2e-5);
        }
      });

      it('has the same values without gradients', () => {
        const [x, t] = [features.to('float32'), frequencies.to('float32')];
        const without = noGrad(() => fused(x, t));
        x.setRequiresGrad(true);
        for (const [index, part] of fused(x, t).entries()) {
          expectNear(part.detach(), without[index]!, 1e-6);
        }
      });
    },
  );

  it('characteristicMeans of phases of fifty radians lose no more than products on tiles do', () => {
    const inputs = [normal(6, 160, 64), normal(7, 100, 64).mul(2)];
    const exact = differentiate('float64', inputs, (x, t) => {
      const phases = x!.matmul(t!.transpose(0, 1)).reshape([40, 4, 100]);
      return [phases.cos().mean([1]), phases.sin().mean([1])];
    });
    const actual = differentiate('float32', inputs, (x, t) => characteristicMeans(x!, t!, 40));
    for (const [index, tensor] of actual.entries()) {
      expect(relativeError(tensor, exact[index]!)).toBeLessThan(
        name.startsWith('amx') ? 3e-4 : 2e-5,
      );
    }
  });

  it('cosine and sine are right to 2e-7 up to thousands of radians', () => {
    const phases = normal(8, 20_000, 1).mul(2000).to('float32');
    const one = normal(1, 1, 1).mul(0).add(1).to('float32');
    const exact = phases.to('float64');
    const [cosines, sines] = characteristicMeans(phases, one, 20_000);
    expectNear(cosines.to('float64'), exact.cos(), 2e-7);
    expectNear(sines.to('float64'), exact.sin(), 2e-7);
  });

  it('leave nothing behind', () => {
    const before = liveTensors();
    scope(() => void blockGradients());
    expect(liveTensors()).toBe(before);
  });

  it('give the same bytes again', () => {
    scope(() => {
      for (const results of [blockGradients, meanGradients]) {
        expect(results().map(numbers)).toEqual(results().map(numbers));
      }
    });
  });
});

/** A block of sixteen channels on twelve images, and its gradients: sums over images, and so over threads. */
function blockGradients(): Tensor[] {
  return differentiate(
    'float32',
    [normal(1, 12, 16, 8, 8), normal(2, 16, 16, 3, 3), normal(3, 16), normal(4, 16), normal(5, 16)],
    (x, weight, bias, scale, shift) => [
      convolutionBlock(x!, weight!, bias!, scale!, shift!, 1, 1e-5),
    ],
  );
}

/** Characteristic means of many rows at many frequencies, and their gradients. */
function meanGradients(): Tensor[] {
  return differentiate('float32', [normal(6, 2100, 20), normal(7, 1500, 20)], (x, t) =>
    characteristicMeans(x!, t!, 3),
  );
}

describeOnHost.each([...engine().instructionSets])('the threads of the kernels for %s', (name) => {
  const before = { instructionSet: native.instructionSet(), threads: threads() };
  beforeAll(() => void native.instructionSet(name));
  afterAll(() => {
    native.instructionSet(before.instructionSet);
    setThreads(before.threads);
  });

  it('each do all rounds of multiply-adds, a vector of some registers in each', () => {
    const operations = (count: number, rounds: number): number => {
      setThreads(count);
      return multiplyAdds(rounds);
    };
    const [one, two, longer] = [operations(1, 100), operations(2, 100), operations(1, 300)];
    expect([one % (2 * 4 * 100), two, longer]).toEqual([0, 2 * one, 3 * one]);
  });

  it('are really as many as asked for, even beyond the cores: each number adds up in its own order', () => {
    scope(() => {
      const weightGradients = [1, 2, 3].map((count) => {
        setThreads(count);
        return blockGradients()[2]!;
      });
      const [one, two, three] = weightGradients as [Tensor, Tensor, Tensor];
      expect(new Set(weightGradients.map((gradient) => numbers(gradient).join())).size).toBe(3);
      // Rounding of sums over twelve images, and nothing else: 1.6e-6 at most was measured.
      expectNear(two, one, 1e-5);
      expectNear(three, one, 1e-5);
    });
  });
});

describe('the kernels', () => {
  it('say what shapes they expect', () => {
    const x = normal(1, 2, 3, 4, 4);
    const channels = normal(2, 5);
    expect(() =>
      convolutionBlock(x, normal(3, 5, 2, 3, 3), channels, channels, channels, 1, 1e-5),
    ).toThrow('expected images [n, c, h, w] and weights [outputs, c, k, k]');
    expect(() =>
      convolutionBlock(x, normal(3, 4, 3, 3, 3), channels, channels, channels, 1, 1e-5),
    ).toThrow('one bias and one scale and shift for each of 4 channels');
    expect(() => characteristicMeans(normal(1, 5, 2), normal(2, 3, 2), 2)).toThrow(
      'expected a multiple of 2 rows of features, got 5',
    );
    expect(() => characteristicMeans(normal(1, 4, 2), normal(2, 3, 3), 2)).toThrow(
      'expected features [n, d] and frequencies [T, d]',
    );
  });
});

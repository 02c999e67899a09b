import { describe, expect, it } from 'vitest';
import { conv2d, grad, liveTensors, noGrad, scope, type Tensor } from './index.js';
import { op } from './operator.js';
import { numbers } from './testing/compare.js';
import { expectGradient } from './testing/finite-differences.js';
import { hostDevice, ones, tensor, testDevice, zeros } from './testing/on-device.js';

describe('grad', () => {
  it('differentiates one output with respect to several inputs', () => {
    const x = tensor([1, 2, 3]).setRequiresGrad(true);
    const y = tensor([4, 5, 6]).setRequiresGrad(true);
    const [byX, byY] = grad([x.mul(y).sum()], [x, y]);
    expect(numbers(byX!)).toEqual([4, 5, 6]);
    expect(numbers(byY!)).toEqual([1, 2, 3]);
  });

  it('weighs the outputs', () => {
    const x = tensor([1, 2]).setRequiresGrad(true);
    const outputs = [x.square(), x.sum()];
    const [byX] = grad(outputs, [x], { gradOutputs: [tensor([10, 100]), tensor([1], [])] });
    expect(numbers(byX!)).toEqual([21, 401]);
  });

  it('keeps the graph only when asked to', () => {
    const x = tensor([2]).setRequiresGrad(true);
    const y = x.square().square().sum();
    expect(grad([y], [x], { retainGraph: true })[0]!.item()).toBe(32);
    expect(grad([y], [x])[0]!.item()).toBe(32);
    expect(() => grad([y], [x])).toThrow(/second time/);
  });

  it('says which input takes no part, and leaves nothing behind', () => {
    const x = tensor([1]).setRequiresGrad(true);
    const unused = tensor([1]).setRequiresGrad(true);
    const y = x.mul(2).sum();
    const before = liveTensors();
    expect(() => grad([y], [x, unused])).toThrow('input 1 of grad() takes no part in the outputs');
    expect(liveTensors()).toBe(before);
  });

  it('refuses inputs without gradients and outputs that are not scalars', () => {
    const x = tensor([1, 2]).setRequiresGrad(true);
    expect(() => grad([x.sum()], [ones([2])])).toThrow(/does not require grad/);
    expect(() => grad([ones([1]).sum()], [x])).toThrow(/does not require grad/);
    expect(() => grad([x.mul(2)], [x])).toThrow(/scalar outputs/);
  });

  it('refuses to ask for gradients of a result', () => {
    const y = ones([1]).setRequiresGrad(true).mul(2);
    expect(() => y.setRequiresGrad(false)).toThrow(/leaf/);
  });

  it('stops at detach', () => {
    const x = tensor([3]).setRequiresGrad(true);
    expect(grad([x.mul(x.detach()).sum()], [x])[0]!.item()).toBe(3);
  });
});

describe('noGrad', () => {
  const x = ones([1]).setRequiresGrad(true);

  it('records nothing inside and goes on recording after', () => {
    expect(noGrad(() => x.mul(2).requiresGrad)).toBe(false);
    expect(x.mul(2).requiresGrad).toBe(true);
  });

  it('goes on recording after a throw', () => {
    const failing = () =>
      noGrad(() => {
        throw new Error('on purpose');
      });
    expect(failing).toThrow('on purpose');
    expect(x.mul(2).requiresGrad).toBe(true);
  });

  it('refuses an asynchronous function, and records again', () => {
    const later = async () => 1;
    expect(() => noGrad(later as () => unknown)).toThrow(
      /noGrad\(\) was given an asynchronous function/,
    );
    expect(x.mul(2).requiresGrad).toBe(true);
  });

  it('nests', () => {
    noGrad(() => {
      noGrad(() => 1);
      expect(x.mul(2).requiresGrad).toBe(false);
    });
    expect(x.mul(2).requiresGrad).toBe(true);
  });
});

describe('gradients of gradients', () => {
  const kernels: [string, (x: Tensor) => Tensor][] = [
    [
      'convolution_block',
      (x) =>
        op<unknown[]>('ncfm::convolution_block')(
          x.reshape([2, 1, 6, 6]),
          ...[ones([2, 1, 3, 3]), zeros([2]), ones([2]), zeros([2]), 1, 1e-5],
        ),
    ],
    [
      'convolution_block_tangent',
      (x) =>
        op<unknown[], Tensor[]>('ncfm::convolution_block_tangent')(
          ...[x.reshape([2, 1, 6, 6]), null, ones([2, 1, 3, 3]), ones([2, 1, 3, 3]), zeros([2])],
          ...[ones([2]), ones([2]), zeros([2]), zeros([2]), 1, 1e-5],
        )[1]!,
    ],
    [
      'characteristic_function',
      (x) => {
        const frequencies = ones([5, 6]);
        return op<unknown[], Tensor[]>('ncfm::characteristic_function')(
          x.reshape([12, 6]),
          ...[frequencies, 2],
        )[0]!;
      },
    ],
  ];

  it('are gradients as others are', () => {
    const x = tensor([2, 3]).setRequiresGrad(true);
    const y = tensor([5, 7]).setRequiresGrad(true);
    const [gradient] = grad([x.pow(3).mul(y).sum()], [x], { createGraph: true });
    const [byX, byY] = grad([gradient!.mul(tensor([1, 10])).sum()], [x, y]);
    expect(numbers(byX!)).toEqual([6 * 2 * 5, 10 * 6 * 3 * 7]);
    expect(numbers(byY!)).toEqual([3 * 4, 10 * 3 * 9]);
  });

  // Where our kernels do not run, operators of LibTorch take their place.
  it.skipIf(testDevice !== hostDevice).each(kernels)(
    'are refused by ncfm::%s, which has none',
    (name, kernel) => {
      const before = liveTensors();
      scope(() => {
        const x = ones([72]).setRequiresGrad(true);
        const loss = kernel(x).sum();
        expect(() => grad([loss], [x], { createGraph: true })).toThrow(
          new RegExp(`ncfm::${name} has no second-order gradients.*'twice-differentiable'`, 's'),
        );
        grad([loss], [x]);
      });
      expect(liveTensors()).toBe(before);
    },
  );
});

describe('expectGradient', () => {
  it('accepts a right gradient', () => {
    const [x, kernel] = [
      zeros([1, 1, 3, 3], { dtype: 'float64' }).add(0.3),
      tensor([0.5, -1], [1, 1, 1, 2], 'float64'),
    ];
    expectGradient((a, b) => scope(() => conv2d(a, b, null).tanh()), [x, kernel]);
  });

  it('rejects a wrong one', () => {
    const x = tensor([0.4, 0.7], [2], 'float64');
    expect(() => expectGradient((a) => a.mul(a.detach()), [x])).toThrow(/gradient of input 0/);
    expect(() => expectGradient((a) => a.mul(0), [x])).toThrow(/makes no difference/);
  });
});

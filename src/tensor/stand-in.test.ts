import { expect, it } from 'vitest';
import * as library from './index.js';
import {
  grad,
  liveTensors,
  scope,
  standInDevice,
  synchronizingCalls,
  type Tensor,
} from './index.js';
import { numbers } from './testing/compare.js';
import { describeOnStandIn, RandomGenerator } from './testing/on-device.js';

const values = [1, 2, 3, 4, 5, 6];
const there = (shape = [2, 3]): Tensor => library.tensorOn(standInDevice, values, shape);

/** Calls that make the host wait during a body. */
function waits(body: () => unknown): number {
  const before = synchronizingCalls();
  scope(() => {
    body();
  });
  return synchronizingCalls() - before;
}

describeOnStandIn('the device that stands in for a GPU', () => {
  it("computes what the CPU does, gradients and changes in place included, and keeps tensors' device", () => {
    scope(() => {
      const x = there().setRequiresGrad(true);
      const loss = x.square().sum([1]).mul(0.5).cos().sum();
      const [gradient] = grad([loss], [x]);
      expect([x.device, loss.device, gradient!.device]).toEqual(Array(3).fill(standInDevice));
      // d cos(|x|²/2) / dx = -sin(|x|²/2) x
      const slopes = [14, 77].map((square) => -Math.sin(square / 2));
      const expected = values.map((value, index) => slopes[Math.floor(index / 3)]! * value);
      for (const [index, value] of numbers(gradient!).entries())
        expect(value).toBeCloseTo(expected[index]!, 4);
      const changed = there();
      changed.narrow(0, 1, 1).zero_();
      expect(numbers(changed.transpose(0, 1))).toEqual([1, 0, 2, 0, 3, 0]);
    });
  });

  it('convolves with gradients', () => {
    const at = (device: string): number[] =>
      scope(() => {
        const random = new RandomGenerator(3, device);
        const x = library.tensorOn(device, random.uniforms(50), [2, 1, 5, 5]).setRequiresGrad(true);
        const weight = library.tensorOn(device, random.uniforms(18), [2, 1, 3, 3]);
        const loss = library.conv2d(x, weight, null, [1, 1], [1, 1]).square().sum();
        return numbers(grad([loss], [x])[0]!);
      });
    expect(at(standInDevice)).toEqual(at(library.tensor([]).device));
  });

  it.each<[string, (x: Tensor) => unknown]>([
    ['item', (x) => x.sum().item()],
    ['toFloat32Array', (x) => x.toFloat32Array()],
    ['a copy to the CPU', (x) => library.toDeviceOf(x, library.tensor([]).device)],
    [
      'a copy from memory that is not pinned',
      () => library.toDeviceOf(library.tensor([1]), standInDevice),
    ],
    ['a copy into a tensor there', (x) => x.copy_(library.tensor(values, [2, 3]))],
    ['repeat_interleave', (x) => x.repeatInterleave(2, 0)],
  ])('waits for %s', (_, use) => {
    expect(waits(() => use(there()))).toBeGreaterThan(0);
  });

  it('waits for nothing where values stay there, are drawn there, or are sent by way of pinned memory', () => {
    const random = new RandomGenerator(4, standInDevice);
    expect(
      waits(() => {
        const x = there([6])
          .mul(random.normal([6]))
          .add(library.zeros([6], { device: standInDevice }));
        x.indexSelect(0, library.tensorOn(standInDevice, Int32Array.of(3, 1)));
        library.where(x.gt(0), x, x.neg()).sum().sqrt();
        random.uniforms(3);
        random.permutation(4);
      }),
    ).toBe(0);
  });

  it('refuses tensors of two devices in one operator, but for single numbers', () => {
    scope(() => {
      const host = library.tensor(values, [2, 3]);
      expect(() => there().add(host)).toThrow(/xpected all tensors to be on the same device/);
      expect(() => there().indexSelect(0, library.tensor([0], [1], 'int64'))).toThrow(
        /same device/,
      );
      expect(numbers(there().mul(library.full([], 2)))).toEqual([2, 4, 6, 8, 10, 12]);
    });
  });

  it('releases its tensors', () => {
    const before = liveTensors();
    scope(() => {
      there()
        .matmul(there([3, 2]))
        .sum();
    });
    expect(liveTensors()).toBe(before);
  });
});

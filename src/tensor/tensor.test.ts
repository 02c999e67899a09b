import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { dtypeCode } from './dtype.js';
import {
  cat,
  conv2d,
  type DType,
  dtypeBytes,
  fromBytes,
  liveTensors,
  oneHot,
  stack,
  type Tensor,
  where,
} from './index.js';
import { op } from './operator.js';
import { numbers } from './testing/compare.js';
import { arange, full, hostDevice, ones, tensor, testDevice, zeros } from './testing/on-device.js';

describe('tensor()', () => {
  it.each<[string, Parameters<typeof tensor>[0], DType]>([
    ['plain numbers', [1, 2, 3], 'float32'],
    ['Float32Array', Float32Array.of(1, 2, 3), 'float32'],
    ['Float64Array', Float64Array.of(1, 2, 3), 'float64'],
    ['Int32Array', Int32Array.of(1, 2, 3), 'int32'],
    ['BigInt64Array', BigInt64Array.of(1n, 2n, 3n), 'int64'],
    ['Uint8Array', Uint8Array.of(1, 2, 3), 'uint8'],
  ])('makes the natural element type from %s', (_, values, dtype) => {
    const x = tensor(values);
    expect(x.dtype).toBe(dtype);
    expect(x.shape).toEqual([3]);
    expect(x.device).toBe(testDevice);
    expect(numbers(x)).toEqual([1, 2, 3]);
  });

  it.each<DType>(['float32', 'float64', 'int64', 'int32', 'uint8'])(
    'converts numbers to %s',
    (dtype) => {
      const x = tensor([0, 7, 255], [3, 1], dtype);
      expect([x.dtype, x.shape, numbers(x)]).toEqual([dtype, [3, 1], [0, 7, 255]]);
    },
  );

  it('makes truth values', () => {
    expect(numbers(tensor([0, 2, 1], [3], 'bool'))).toEqual([0, 1, 1]);
  });

  it('copies: later changes to the array do not show', () => {
    const values = Float32Array.of(1, 2);
    const x = tensor(values);
    values[0] = 9;
    expect(numbers(x)).toEqual([1, 2]);
  });

  it('reads a view of a larger buffer', () => {
    expect(numbers(tensor(Float32Array.of(1, 2, 3, 4).subarray(1, 3)))).toEqual([2, 3]);
  });

  it('makes scalars and empty tensors', () => {
    expect(tensor([5], []).item()).toBe(5);
    expect(tensor([], [0, 3]).length).toBe(0);
  });

  it('refuses values that do not fill the shape, naming both', () => {
    expect(() => tensor([1, 2, 3], [2, 2])).toThrow(
      'a tensor of shape [2, 2] holds 4 values, got 3 values',
    );
    expect(() => tensor([1, 2, 3], [-1, 3])).toThrow(/\[-1, 3\]/);
    expect(() => tensor([1, 2], [0.5, 4])).toThrow(/\[0.5, 4\]/);
  });

  it('refuses fractions as integers of 64 bits and types without a typed array', () => {
    expect(() => tensor([1.5], [1], 'int64')).toThrow(RangeError);
    expect(() => tensor([1], [1], 'float16')).toThrow(/convert with to\(\)/);
  });

  it('takes raw bytes', () => {
    const bytes = new Uint8Array(Int16Array.of(-2, 300).buffer);
    expect(numbers(fromBytes(bytes, [2], 'int16'))).toEqual([-2, 300]);
    expect(() => fromBytes(bytes, [3], 'int16')).toThrow(/needs 6 bytes, got 4/);
  });
});

describe('Tensor', () => {
  it('knows its sizes', () => {
    const x = zeros([2, 3, 4]);
    expect([x.rank, x.length, x.size(1), x.size(-1)]).toEqual([3, 24, 3, 4]);
    expect(() => x.size(3)).toThrow('a tensor of shape [2, 3, 4] has no dimension 3');
    expect(String(x)).toBe('Tensor(float32[2, 3, 4])');
  });

  it('gives one element as a number only when there is one', () => {
    expect(full([1, 1], 2.5).item()).toBe(2.5);
    expect(tensor([3], [], 'int64').item()).toBe(3);
    expect(() => zeros([2]).item()).toThrow('item() needs one element, this tensor has shape [2]');
  });

  it.each<[DType, number[]]>([
    ['uint8', [0, 1, 200]],
    ['int8', [0, 1, -100]],
    ['int16', [0, 1, -3000]],
    ['int32', [0, 1, -70000]],
    ['int64', [0, 1, -(2 ** 40)]],
    ['float16', [0, 1, -0.5]],
    ['bfloat16', [0, 1, -0.5]],
    ['float32', [0, 1, -0.1]],
    ['float64', [0, 1, -0.1]],
    ['bool', [0, 1, 1]],
  ])('converts to %s and back', (dtype, values) => {
    const x = tensor(values, [3], 'float64').to(dtype);
    expect(x.dtype).toBe(dtype);
    expect(x.toBytes().length).toBe(3 * dtypeBytes(dtype));
    expect(numbers(x.to('float64'))).toEqual(
      dtype === 'float32' ? values.map(Math.fround) : values,
    );
    expect([...x.toFloat32Array()]).toEqual(values.map(Math.fround));
  });

  it('refuses a typed array for elements that have none', () => {
    expect(() => ones([1]).to('bfloat16').toArray()).toThrow(/convert with to\('float32'\)/);
  });

  it('copies out in row-major order, views too', () => {
    const x = tensor([1, 2, 3, 4, 5, 6], [2, 3]);
    expect(numbers(x.transpose(0, 1))).toEqual([1, 4, 2, 5, 3, 6]);
    const copy = x.toFloat32Array();
    copy[0] = 9;
    expect(numbers(x)[0]).toBe(1);
  });
});

describe('operators', () => {
  const x = tensor([1, -2, 3, -4], [2, 2]);

  it('do arithmetic with tensors and numbers, broadcasting', () => {
    const row = tensor([10, 20]);
    expect(numbers(x.add(row))).toEqual([11, 18, 13, 16]);
    expect(numbers(x.sub(1))).toEqual([0, -3, 2, -5]);
    expect(numbers(x.mul(row))).toEqual([10, -40, 30, -80]);
    expect(numbers(x.div(2))).toEqual([0.5, -1, 1.5, -2]);
    expect(numbers(x.pow(2))).toEqual([1, 4, 9, 16]);
    expect(numbers(x.lerp(zeros([2, 2]), 0.25))).toEqual([0.75, -1.5, 2.25, -3]);
    expect(numbers(x.matmul(row.unsqueeze(1)))).toEqual([-30, -50]);
  });

  it('reduce over all dimensions or those given', () => {
    expect(x.sum().shape).toEqual([]);
    expect(x.sum().item()).toBe(-2);
    expect(numbers(x.mean([0]))).toEqual([2, -3]);
    expect(x.mean([1], true).shape).toEqual([2, 1]);
    expect(x.max().item()).toBe(3);
    expect(numbers(x.max([1]))).toEqual([1, 3]);
    expect(numbers(x.argmax(1))).toEqual([0, 0]);
  });

  it('compare, select and rearrange', () => {
    expect(numbers(x.gt(0))).toEqual([1, 0, 1, 0]);
    expect(numbers(where(x.le(0), zeros([2, 2]), x))).toEqual([1, 0, 3, 0]);
    expect(numbers(x.clamp(-1, 2))).toEqual([1, -1, 2, -1]);
    expect(numbers(x.clamp(null, 0))).toEqual([0, -2, 0, -4]);
    expect(numbers(x.flip([1]))).toEqual([-2, 1, -4, 3]);
    expect(numbers(x.indexSelect(0, tensor([1], [1], 'int64')))).toEqual([3, -4]);
    expect(numbers(x.repeatInterleave(2, 0).narrow(0, 1, 2))).toEqual([1, -2, 3, -4]);
    expect(numbers(cat([x, x], 1))).toEqual([1, -2, 1, -2, 3, -4, 3, -4]);
    expect(stack([x, x]).shape).toEqual([2, 2, 2]);
    expect(numbers(x.pad([1, 0], 7))).toEqual([7, 1, -2, 7, 3, -4]);
    expect(numbers(oneHot(tensor([1, 0], [2], 'int64'), 3))).toEqual([0, 1, 0, 1, 0, 0]);
    expect(numbers(arange(3))).toEqual([0, 1, 2]);
  });

  it('change their first argument in place and return it', () => {
    const y = ones([2]);
    const returned: Tensor[] = [y.add_(ones([2]), 3), y.mul_(2), y.addcmul_(y, y, 1)];
    expect(returned.every((value) => value === y)).toBe(true);
    expect(numbers(y)).toEqual([72, 72]);
    expect(numbers(y.clamp_(0, 5).lerp_(zeros([2]), 0.5))).toEqual([2.5, 2.5]);
    expect(numbers(y.copy_(tensor([1, 2])).addcdiv_(ones([2]), tensor([2, 4]), 2))).toEqual([
      2, 2.5,
    ]);
    expect(numbers(y.zero_())).toEqual([0, 0]);
  });

  it('name the operator and the shapes when these do not fit', () => {
    expect(() => zeros([2, 3]).matmul(zeros([4, 5]))).toThrow(
      /matmul\(.*\[2, 3\].*\[4, 5\].*\): .*cannot be multiplied/,
    );
    expect(() => zeros([2, 3]).add(zeros([2, 4]))).toThrow(/add\(.*\[2, 3\].*\[2, 4\]/);
    expect(() => conv2d(zeros([1, 3, 8, 8]), zeros([4, 2, 3, 3]), null)).toThrow(
      /conv2d\(.*\[1, 3, 8, 8\].*\[4, 2, 3, 3\]/,
    );
    expect(() => zeros([2]).reshape([3])).toThrow(/reshape\(.*\[2\]/);
  });

  it('name the argument that has the wrong kind', () => {
    const wrong = 'two' as unknown as number;
    expect(() => zeros([2]).narrow(0, wrong, 1)).toThrow(/narrow: argument 'start': .*integer/);
    expect(() => zeros([2]).narrow(0, 0.5, 1)).toThrow(/expected an integer, got 0.5/);
    expect(() => conv2d(zeros([1]), 3 as unknown as Tensor, null)).toThrow(
      /conv2d: argument 'weight': expected a tensor/,
    );
  });
});

describe('the garbage collector', () => {
  const empty = op<[number[], number, null, string]>('empty', 'memory_format');

  /** Whole collections while many tensors of 256 MB come and go on a device. */
  async function collections(device: string): Promise<number> {
    let count = 0;
    const observer = new PerformanceObserver((list) => {
      const { NODE_PERFORMANCE_GC_MINOR: minor } = constants;
      for (const { detail } of list.getEntries() as unknown as { detail: { kind: number } }[]) {
        if (detail.kind !== minor) count += 1;
      }
    });
    observer.observe({ entryTypes: ['gc'] });
    for (let time = 0; time < 200; time++) {
      using _ = empty([64e6], dtypeCode('float32'), null, device);
      await setImmediate();
    }
    // They are told with a delay.
    for (let turn = 0; turn < 10; turn++) await setTimeout(10);
    observer.disconnect();
    return count;
  }

  it('is told of the memory that tensors take of this process, not of that on other devices', async () => {
    const before = liveTensors();
    expect(await collections(hostDevice)).toBeGreaterThan(2);
    // A device whose tensors have shapes and no memory.
    expect(await collections('meta')).toBeLessThan(2);
    // It may have released what other tests have left.
    expect(liveTensors()).toBeLessThanOrEqual(before);
  });
});

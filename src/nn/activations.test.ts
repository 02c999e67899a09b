import { describe, expect, it } from 'vitest';
import { liveTensors, type Tensor } from '../tensor/index.js';
import { expectNear, numbers } from '../tensor/testing/compare.js';
import { expectGradient } from '../tensor/testing/finite-differences.js';
import { ones, RandomGenerator, tensor } from '../tensor/testing/on-device.js';
import {
  activate,
  activations,
  dropout,
  dropRows,
  evaluation,
  globalAverage,
  type Mode,
  pool,
  poolings,
} from './index.js';

const random = new RandomGenerator(1);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

describe('activate', () => {
  const formulas = {
    relu: (x: number) => Math.max(0, x),
    'leaky-relu': (x: number) => (x < 0 ? 0.01 * x : x),
    sigmoid,
    swish: (x: number) => x * sigmoid(x),
  };

  it.each(activations)('%s has its values and their gradients', (kind) => {
    const values = [-3, -0.5, 0.25, 4];
    const x = tensor(values, [4], 'float64');
    expectNear(activate(x, kind), tensor(values.map(formulas[kind]), [4], 'float64'), 1e-12);
    expectGradient((input) => activate(input, kind), [x]);
  });
});

describe('pool', () => {
  const x = tensor([1, 2, 0, 3, 6, 5, 1, 0, 9, 9, 9, 9], [1, 1, 3, 4]);

  it.each([
    ['average', [1, 1, 1, 2], [3.5, 1]],
    ['max', [1, 1, 1, 2], [6, 3]],
    ['none', [1, 1, 3, 4], numbers(x)],
  ] as const)('%s leaves out what does not fill a square', (kind, shape, values) => {
    const pooled = pool(x, kind);
    expect(pooled.shape).toEqual(shape);
    expect(numbers(pooled)).toEqual(values);
  });

  it('has gradients', () => {
    for (const kind of poolings)
      expectGradient((input) => pool(input, kind), [random.normal([2, 2, 4, 6], 'float64')]);
  });

  it('globalAverage is the mean of each map', () => {
    expect(numbers(globalAverage(x))).toEqual([54 / 12]);
  });
});

describe('dropout', () => {
  const training = (seed: number): Mode => ({ kind: 'train', random: new RandomGenerator(seed) });
  const x = ones([200, 50]);

  it('leaves things alone in evaluation and with probability 0', () => {
    expect(dropout(x, 0.5, evaluation)).toBe(x);
    expect(dropout(x, 0, training(1))).toBe(x);
    expect(dropRows(x, 0.5, evaluation)).toBe(x);
  });

  it('drops the share that it is told to, and keeps the mean', () => {
    const values = numbers(dropout(x, 0.3, training(1)));
    const dropped = values.filter((value) => value === 0).length / values.length;
    expect(Math.abs(dropped - 0.3)).toBeLessThan(5 * Math.sqrt((0.3 * 0.7) / values.length));
    expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / 0.7)]));
  });

  it('is repeatable from its generator only', () => {
    const draw = (seed: number) => numbers(dropout(x, 0.5, training(seed)));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('of rows drops them whole', () => {
    const rows = dropRows(ones([60, 2, 3, 1]), 0.5, training(2));
    const sums = numbers(rows.sum([1, 2, 3]));
    expect(new Set(sums)).toEqual(new Set([0, 12]));
  });

  it('leaves only its result behind', () => {
    const mode = training(1);
    const before = liveTensors();
    const result: Tensor = dropout(x, 0.5, mode);
    expect(liveTensors()).toBe(before + 1);
    result.dispose();
  });
});

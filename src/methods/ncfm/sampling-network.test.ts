import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/index.js';
import { createOptimizer } from '../../nn/index.js';
import { grad, liveTensors, noGrad, scope, type Tensor } from '../../tensor/index.js';
import { numbers } from '../../tensor/testing/compare.js';
import { RandomGenerator } from '../../tensor/testing/on-device.js';
import { normalizeFeatures } from '../../train/index.js';
import { characteristicFunction } from './characteristic.js';
import { discrepancy } from './discrepancy.js';
import { SamplingNetwork } from './sampling-network.js';

const features = new RandomGenerator(1);
const real = normalizeFeatures(features.normal([60, 12]).add(0.3));
const synthetic = normalizeFeatures(features.normal([10, 12]));

function network(options: { bound?: number; width?: number } = {}): SamplingNetwork {
  return new SamplingNetwork({
    dimension: 12,
    count: 64,
    perComponent: 8,
    random: new RandomGenerator(2),
    ...options,
  });
}

/** All 8 frequencies of every component, with gradients. */
const sampleAll = (sampling: SamplingNetwork, scale: number, random: RandomGenerator): Tensor =>
  sampling.sample(scale, random, 8).learned;

function value(sampling: SamplingNetwork, random: RandomGenerator, learnedPerComponent = 8) {
  const t = sampling.sample(1, random, learnedPerComponent).learned;
  return discrepancy(
    characteristicFunction(real, t, 1),
    characteristicFunction(synthetic, t, 1),
  ).mean();
}

/** Averages over many draws of frequencies; the noise is the same at every call. */
function average(sampling: SamplingNetwork): number {
  const draws = Array.from({ length: 100 }, (_, seed) =>
    scope(() => noGrad(() => value(sampling, new RandomGenerator(1000 + seed)).item())),
  );
  return draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
}

function ascend(sampling: SamplingNetwork, steps: number, learningRate: number): void {
  const random = new RandomGenerator(3);
  using optimizer = createOptimizer(sampling.parameters(), { kind: 'sgd', learningRate });
  for (let step = 0; step < steps; step++) {
    scope(() => {
      const gradients = grad([value(sampling, random)], sampling.parameters());
      optimizer.step(gradients.map((gradient) => gradient.neg()));
    });
  }
}

describe('SamplingNetwork', () => {
  it('draws as many frequencies as asked for, around the base scale', () => {
    using sampling = network();
    const t = sampleAll(sampling, 3, new RandomGenerator(5));
    expect(t.shape).toEqual([64, 12]);
    const rms = t.square().mean().sqrt().item();
    expect(rms).toBeGreaterThan(3 / 2);
    expect(rms).toBeLessThan(3 * 2);
    expect(new Set(numbers(t)).size).toBe(64 * 12);
  });

  it('raises the discrepancy by a single ascent step, averaged over draws', () => {
    using sampling = network();
    const before = average(sampling);
    const parameters = sampling.parameters().map(numbers);
    ascend(sampling, 1, 1);
    expect(sampling.parameters().map(numbers)).not.toEqual(parameters);
    // The same draws before and after: by 0.09 to 0.76 % over six seeds.
    expect(average(sampling)).toBeGreaterThan(before);
  });

  it('raises it further by many steps', () => {
    using sampling = network();
    const before = average(sampling);
    ascend(sampling, 30, 1);
    // By 3.6 to 8.6 % over six seeds.
    expect(average(sampling)).toBeGreaterThan(before * 1.01);
  });

  it('has a gradient for every parameter that can have one', () => {
    using sampling = network();
    const gradients = grad([value(sampling, new RandomGenerator(4))], sampling.parameters());
    const names = [...sampling.namedParameters().keys()];
    for (const [index, gradient] of gradients.entries()) {
      const size = Math.max(...numbers(gradient).map(Math.abs));
      // A bias before a batch normalisation has no influence.
      if (/linear\.\d\.bias/.test(names[index]!)) expect(size).toBeLessThan(1e-6);
      else expect(size, names[index]).toBeGreaterThan(1e-6);
    }
    expect(names).toHaveLength(12);
  });

  it.each([1.5, 2, 5])('keeps its scales within base / %d and base · %d', (bound) => {
    using sampling = network({ bound });
    for (const learningRate of [0, 100]) {
      if (learningRate > 0) ascend(sampling, 20, learningRate);
      const scales = numbers(sampling.scales(3, new RandomGenerator(6)));
      expect(scales).toHaveLength(8 * 12);
      expect(Math.min(...scales)).toBeGreaterThanOrEqual((3 / bound) * (1 - 1e-6));
      expect(Math.max(...scales)).toBeLessThanOrEqual(3 * bound * (1 + 1e-6));
      expect(Math.max(...scales)).toBeGreaterThan(Math.min(...scales));
    }
  });

  it('gives the frequencies of one component the same scales, and components different ones', () => {
    using sampling = network();
    const scales = sampling.scales(1, new RandomGenerator(7));
    expect(scales.shape).toEqual([8, 12]);
    const rows = new Set(
      Array.from({ length: 8 }, (_, row) => numbers(scales.narrow(0, row, 1)).join()),
    );
    expect(rows.size).toBe(8);
  });

  it('may have another width than the features', () => {
    using sampling = network({ width: 5 });
    expect(sampleAll(sampling, 1, new RandomGenerator(8)).shape).toEqual([64, 12]);
  });

  it('learns from as many frequencies of each component as asked for, and draws the rest without a gradient', () => {
    using sampling = network();
    const { learned, fixed } = sampling.sample(1, new RandomGenerator(5), 3);
    expect([learned.shape, learned.requiresGrad]).toEqual([[24, 12], true]);
    expect([fixed.shape, fixed.requiresGrad]).toEqual([[40, 12], false]);
    expect(sampling.sample(1, new RandomGenerator(5), 8).fixed.shape).toEqual([0, 12]);
  });

  it('has, from one frequency of each component, the mean gradient of all of them', () => {
    using sampling = network();
    const parameter = sampling.namedParameters().get('norm.2.bias')!;
    const mean = (learnedPerComponent: number): number[] => {
      const sum = new Array<number>(12).fill(0);
      for (let seed = 0; seed < 400; seed++) {
        scope(() => {
          const loss = value(sampling, new RandomGenerator(seed), learnedPerComponent);
          for (const [index, each] of numbers(grad([loss], [parameter])[0]!).entries()) {
            sum[index]! += each;
          }
        });
      }
      return sum;
    };
    const [one, all] = [mean(1), mean(8)];
    const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
    expect(dot(one, all) / Math.sqrt(dot(one, one) * dot(all, all))).toBeGreaterThan(0.95);
    expect(dot(one, all) / dot(all, all)).toBeCloseTo(1, 0);
  });

  it('repeats its draws for the same seed and leaves only the frequencies behind', () => {
    using sampling = network();
    const before = liveTensors();
    const [one, other] = [9, 9].map((seed) => sampling.sample(1, new RandomGenerator(seed)));
    expect(liveTensors()).toBe(before + 8);
    expect(numbers(one!.learned)).toEqual(numbers(other!.learned));
    expect(numbers(one!.fixed)).toEqual(numbers(other!.fixed));
  });

  it.each([
    [30, 16],
    [16, 16],
    [0, 16],
  ])('refuses %i frequencies with %i per component', (count, perComponent) => {
    const make = () =>
      new SamplingNetwork({ dimension: 4, count, perComponent, random: new RandomGenerator(1) });
    expect(make).toThrow(UsageError);
    expect(make).toThrow(/multiple of 16 from 32, got/);
  });
});

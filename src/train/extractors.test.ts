import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/index.js';
import { buildModel, type ImageModel } from '../models/index.js';
import { liveTensors, type Tensor } from '../tensor/index.js';
import { expectNear, numbers } from '../tensor/testing/compare.js';
import { RandomGenerator } from '../tensor/testing/on-device.js';
import { ExtractorPool, type TrainedPair } from './extractors.js';

const shape = { channels: 1, height: 8, width: 8 };

function network(seed: number): ImageModel {
  return buildModel({ name: 'convnet', depth: 2, width: 3 }, shape, 4, new RandomGenerator(seed));
}

/** Two networks' parameters as if the second were the first after training. */
function pair(seed: number): TrainedPair {
  return { initial: network(seed).state(), trained: network(seed + 1000).state() };
}

function state(model: ImageModel): number[][] {
  return [...model.state().values()].map(numbers);
}

const values = (tensors: ReadonlyMap<string, Tensor>) => [...tensors.values()].map(numbers);

describe('ExtractorPool', () => {
  const pairs = [pair(1), pair(2)];
  const pool = new ExtractorPool(pairs);
  const target = network(9);

  it('gives exactly the trained network for β = 0 and the initial one for β = 1', () => {
    for (const [index, { initial, trained }] of pairs.entries()) {
      pool.writeInto(target, { network: index, beta: 0 });
      expect(state(target)).toEqual(values(trained));
      pool.writeInto(target, { network: index, beta: 1 });
      expect(state(target)).toEqual(values(initial));
    }
  });

  it.each([0.25, 0.5, 0.9])('weighs the initial parameters by β = %d', (beta) => {
    pool.writeInto(target, { network: 1, beta });
    const { initial, trained } = pairs[1]!;
    for (const [name, value] of target.state()) {
      const expected = initial
        .get(name)!
        .mul(beta)
        .add(trained.get(name)!.mul(1 - beta));
      expectNear(value, expected, 1e-6);
    }
  });

  it('weighs running statistics alike, and takes the trained network’s counts of batches', () => {
    const normalized = (seed: number, steps: number): ImageModel => {
      const random = new RandomGenerator(seed);
      const model = buildModel(
        { name: 'convnet', depth: 2, width: 3, norm: 'batch' },
        shape,
        4,
        random,
      );
      for (let step = 0; step < steps; step++) {
        model.logits(random.normal([4, 1, 8, 8]), { kind: 'train', random }).dispose();
      }
      return model;
    };
    const [initial, trained] = [normalized(1, 0).state(), normalized(2, 3).state()];
    using own = new ExtractorPool([{ initial, trained }]);
    using into = normalized(3, 1);
    own.writeInto(into, { network: 0, beta: 0.25 });
    const statistic = 'layers.norm.1.running_var';
    const expected = initial.get(statistic)!.mul(0.25).add(trained.get(statistic)!.mul(0.75));
    expect(numbers(expected)).not.toEqual(numbers(trained.get(statistic)!));
    expectNear(into.state().get(statistic)!, expected, 1e-6);
    expect(into.state().get('layers.norm.1.num_batches_tracked')!.item()).toBe(3);
  });

  it('leaves the stored parameters as they are', () => {
    const before = pairs.map(({ initial, trained }) => [values(initial), values(trained)]);
    pool.writeInto(target, { network: 0, beta: 0.3 });
    expect(pairs.map(({ initial, trained }) => [values(initial), values(trained)])).toEqual(before);
  });

  it('draws every network equally often and β uniformly, repeatably', () => {
    const random = new RandomGenerator(1);
    const draws = Array.from({ length: 2000 }, () => pool.draw(random));
    const first = draws.filter((choice) => choice.network === 0).length;
    expect(Math.abs(first - 1000)).toBeLessThan(5 * Math.sqrt(500));
    const betas = draws.map(({ beta }) => beta);
    expect(Math.min(...betas)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...betas)).toBeLessThan(1);
    const mean = betas.reduce((sum, beta) => sum + beta, 0) / betas.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 / Math.sqrt(12 * 2000));
    const again = new RandomGenerator(1);
    expect(Array.from({ length: 2000 }, () => pool.draw(again))).toEqual(draws);
  });

  it('makes no tensors when blending', () => {
    const before = liveTensors();
    pool.writeInto(target, { network: 0, beta: 0.3 });
    expect(liveTensors()).toBe(before);
  });

  it('refuses an empty pool, a network it does not have, and another architecture', () => {
    expect(() => new ExtractorPool([])).toThrow(UsageError);
    expect(() => pool.writeInto(target, { network: 2, beta: 0 })).toThrow(
      'the pool has 2 networks, there is no network 2',
    );
    const deeper = buildModel(
      { name: 'convnet', depth: 3, width: 3 },
      shape,
      4,
      new RandomGenerator(1),
    );
    expect(() => pool.writeInto(deeper, { network: 0, beta: 0.5 })).toThrow(/another architecture/);
  });

  it('owns its tensors', () => {
    const before = liveTensors();
    const own = new ExtractorPool([pair(5)]);
    expect(liveTensors()).toBeGreaterThan(before);
    own.dispose();
    expect(liveTensors()).toBe(before);
  });
});

import { describe, expect, it } from 'vitest';
import { noSiamese } from '../../augment/index.js';
import { buildModel } from '../../models/index.js';
import { flatten } from '../../nn/index.js';
import { scope } from '../../tensor/index.js';
import { expectNear } from '../../tensor/testing/compare.js';
import { RandomGenerator } from '../../tensor/testing/on-device.js';
import { ExtractorPool } from '../../train/index.js';
import { straightTrajectories } from '../../train/testing/straight-trajectories.js';
import { drawExtractor, type Extractors, requireExtractor } from './extractors.js';
import { condenser, digits, run } from './testing/condenser.js';

const parts = 4;
const network = (seed: number, norm: 'instance' | 'batch' = 'instance') =>
  buildModel(
    { name: 'convnet', depth: 1, width: 4, norm },
    digits.shape,
    3,
    new RandomGenerator(seed),
  ).setRequiresGrad(false);
const pairs = [1, 2, 3].map((seed) => ({
  initial: network(seed).state(),
  trained: network(seed + 10).state(),
}));
const pool = new ExtractorPool(pairs, straightTrajectories(pairs, parts));

function draws(extractors: Extractors, progress: number, count = 600) {
  const random = new RandomGenerator(1);
  return Array.from({ length: count }, () => drawExtractor({ extractors, pool, progress, random }));
}

const partsOf = (extractors: Extractors, progress: number) =>
  new Set(draws(extractors, progress).map((choice) => 'part' in choice && choice.part));

describe('the networks that features are compared in', () => {
  it('are blends of the ends as the pool draws them', () => {
    const random = new RandomGenerator(1);
    expect(draws({ kind: 'blend' }, 0.5, 5)).toEqual(
      Array.from({ length: 5 }, () => pool.draw(random)),
    );
  });

  it('are snapshots of every network after every part, at any time', () => {
    const any = { kind: 'snapshots', parts, order: 'any' } as const;
    for (const progress of [0, 0.9]) {
      expect(partsOf(any, progress)).toEqual(new Set([0, 1, 2, 3, 4]));
    }
    const seen = new Set(draws(any, 0).map((choice) => JSON.stringify(choice)));
    expect(seen.size).toBe(pairs.length * (parts + 1));
  });

  it.each([
    [0, [0]],
    [0.19, [0]],
    [0.21, [0, 1]],
    [0.5, [0, 1, 2]],
    [0.99, [0, 1, 2, 3, 4]],
  ])('widen forward: after %d of the distillation parts %o', (progress, found) => {
    expect(partsOf({ kind: 'snapshots', parts, order: 'forward' }, progress)).toEqual(
      new Set(found),
    );
  });

  it('have the parameters of their part', () => {
    using target = network(5);
    for (const [part, weight] of [0, 0.25, 0.5, 0.75, 1].entries()) {
      pool.writeInto(target, { network: 2, part });
      scope(() => {
        const { initial, trained } = pairs[2]!;
        const expected = flatten([...initial.values()]).lerp(
          flatten([...trained.values()]),
          weight,
        );
        expectNear(flatten(target.parameters()), expected, 1e-6);
      });
    }
  });

  it('may not have statistics that a snapshot lacks', () => {
    using normalized = network(1, 'batch');
    using plain = network(1);
    const snapshots = { kind: 'snapshots', parts, order: 'any' } as const;
    expect(() => requireExtractor(normalized, snapshots)).toThrow(/norm: instance, or .* blend/);
    expect(() => requireExtractor(normalized, { kind: 'blend' })).not.toThrow();
    expect(() => requireExtractor(plain, snapshots)).not.toThrow();
  });
});

describe('fine-tuning under a later snapshot', () => {
  const still = {
    optimizer: { kind: 'sgd', learningRate: 0 },
    augmentation: noSiamese,
    fineTuning: { kind: 'joint', weight: 1, augment: false, within: 1 },
  } as const;

  /** The cross-entropies of images that stand still tell networks apart. */
  function losses(order: 'any' | 'forward', iterations: number, steps = iterations): number[] {
    const extractors = { kind: 'snapshots', parts, order } as const;
    using owner = condenser({ ...still, iterations, extractors });
    return run(owner, steps).map(({ fineTuneLoss }) => fineTuneLoss!);
  }

  it('takes those of the same training that follow the one in which features are compared', () => {
    // Forward, all iterations of the first fifth compare in untrained networks; one part later there is one more each.
    expect(new Set(losses('forward', 100, 20)).size).toBe(4);
    expect(new Set(losses('any', 120)).size).toBe(2 * (parts + 1));
  });
});

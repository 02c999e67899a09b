import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/index.js';
import { liveTensors, type Tensor } from '../tensor/index.js';
import { expectNear, numbers } from '../tensor/testing/compare.js';
import { expectGradient } from '../tensor/testing/finite-differences.js';
import { ones, RandomGenerator, testDevice } from '../tensor/testing/on-device.js';
import { createNorm, evaluation, GroupNorm, LayerNorm, normKinds } from './index.js';
import { withTensors } from './testing/parameters.js';

const random = new RandomGenerator(1);
const normal = (...shape: number[]): Tensor => random.normal(shape, 'float64');
const shape = { channels: 8, height: 5, width: 3 };

/** Mean and standard deviation over all dimensions but the first `kept`. */
function moments(x: Tensor, kept: number): Tensor[] {
  const flat = x.reshape([...x.shape.slice(0, kept), -1]);
  const mean = flat.mean([kept], true);
  return [mean.reshape(x.shape.slice(0, kept)), flat.sub(mean).square().mean([kept]).sqrt()];
}

describe('createNorm', () => {
  const x = random.normal([4, 8, 5, 3]).mul(3).add(2);

  it.each([
    ['instance', (y: Tensor) => y, 2],
    ['group', (y: Tensor) => y.reshape([4, 4, 30]), 2],
    ['layer', (y: Tensor) => y, 1],
    ['batch', (y: Tensor) => y.permute([1, 0, 2, 3]), 1],
  ] as const)('%s normalisation gives its groups mean 0 and deviation 1', (kind, grouped, kept) => {
    using norm = createNorm(kind, shape, testDevice);
    const y = norm.forward(x, { kind: 'train', random });
    expect(y.shape).toEqual(x.shape);
    const [mean, deviation] = moments(grouped(y), kept);
    expectNear(deviation!, ones(deviation!.shape), 1e-4);
    expect(Math.max(...numbers(mean!.abs()))).toBeLessThan(1e-5);
  });

  it('none leaves everything as it is and has no state', () => {
    using norm = createNorm('none', shape, testDevice);
    expect(norm.forward(x, evaluation)).toBe(x);
    expect(norm.state().size).toBe(0);
  });

  it('has a scale and a shift per channel, for layers per number', () => {
    const shapes = normKinds.map((kind) =>
      [...createNorm(kind, shape, testDevice).namedParameters().values()].map(
        (value) => value.shape,
      ),
    );
    const perChannel = [[8], [8]];
    expect(shapes).toEqual([
      perChannel,
      perChannel,
      perChannel,
      [
        [8, 5, 3],
        [8, 5, 3],
      ],
      [],
    ]);
  });

  it('refuses what cannot be normalised', () => {
    const pixel = { channels: 4, height: 1, width: 1 };
    expect(() => createNorm('group', { ...shape, channels: 6 }, testDevice)).toThrow(/6 channels/);
    for (const kind of ['instance', 'group'] as const) {
      expect(() => createNorm(kind, pixel, testDevice)).toThrow(UsageError);
      expect(() => createNorm(kind, pixel, testDevice)).toThrow(/single pixel/);
    }
    createNorm('layer', pixel, testDevice).dispose();
  });

  it('leaves only its result behind', () => {
    for (const kind of normKinds.filter((each) => each !== 'none')) {
      using norm = createNorm(kind, shape, testDevice);
      const before = liveTensors();
      const y = norm.forward(x, { kind: 'train', random });
      expect(liveTensors()).toBe(before + 1);
      y.dispose();
    }
  });
});

describe('GroupNorm', () => {
  it('has the gradients of its values', () => {
    using layer = new GroupNorm(2, 4, testDevice);
    expectGradient(
      (x, weight, bias) => withTensors(layer, { weight, bias }, () => layer.forward(x)),
      [normal(2, 4, 3, 2), normal(4), normal(4)],
    );
  });
});

describe('LayerNorm', () => {
  it('has the gradients of its values', () => {
    using layer = new LayerNorm([3, 2], { device: testDevice });
    expectGradient(
      (x, weight, bias) => withTensors(layer, { weight, bias }, () => layer.forward(x)),
      [normal(4, 3, 2), normal(3, 2), normal(3, 2)],
    );
  });
});

import { describe, expect, it } from 'vitest';
import { liveTensors, scope } from '../tensor/index.js';
import { RandomGenerator, tensor } from '../tensor/testing/on-device.js';
import { type DescentOptions, ImageDescent } from './descent.js';
import { NonFiniteError } from './non-finite.js';
import type { Space } from './space.js';
import { SyntheticImages } from './synthetic.js';

const usual: DescentOptions = {
  iterations: 10,
  optimizer: { kind: 'sgd', learningRate: 0.5, momentum: 0.5 },
  schedule: { kind: 'constant' },
};

const std = [0.2, 0.4];
const start = [0.5, 0.6, 0.1, 0.9];
const slopes = [1, -2, 3, -4];

/** One image of two channels of 1×2 pixels. */
function descending(options: Partial<DescentOptions> = {}) {
  const images = new SyntheticImages(tensor(start, [1, 2, 1, 2]), 1, {
    mode: 'single',
    factor: 1,
  });
  const descent = new ImageDescent(images, { ...usual, ...options }, { std });
  const step = (gradient: readonly number[] = slopes, loss = 1) =>
    scope(() =>
      descent.step({ loss, gradient: tensor(gradient, [1, 2, 1, 2]), circumstances: 'here' }),
    );
  const dispose = (): void => {
    descent.dispose();
    images.dispose();
  };
  return { images, descent, step, dispose, pixels: () => [...images.images.toFloat32Array()] };
}

/** Two steps of plain descent with momentum on values z = (x − mean) / std, as pixels again. */
function byHand(space: Space): number[] {
  return start.map((pixel, index) => {
    const deviation = space === 'pixels' ? 1 : std[Math.floor(index / 2)]!;
    const within = (x: number): number => (space === 'unbounded' ? x : Math.min(1, Math.max(0, x)));
    let [x, velocity] = [pixel, 0];
    for (let step = 0; step < 2; step++) {
      velocity = 0.5 * velocity + deviation * slopes[index]!;
      x = within((x / deviation - 0.5 * velocity) * deviation);
    }
    return x;
  });
}

describe('the descent of images', () => {
  it.each(['pixels', 'normalised', 'unbounded'] as const)('steps in %s', (space) => {
    const own = descending({ space });
    own.step();
    own.step();
    const expected = byHand(space);
    for (const [index, pixel] of own.pixels().entries())
      expect(pixel).toBeCloseTo(expected[index]!, 5);
    expect(expected.some((pixel) => pixel < 0 || pixel > 1)).toBe(space === 'unbounded');
    own.dispose();
  });

  it('stops at a loss or gradient that is no number, and moves nothing', () => {
    const own = descending();
    expect(() => own.step(slopes, Number.NaN)).toThrow(NonFiniteError);
    expect(() => own.step([1, Number.NaN, 1, 1])).toThrow(/the gradient .* iteration 1 \(here\)/);
    expect(own.pixels()).toEqual([...Float32Array.from(start)]);
    expect(own.descent.iteration).toBe(0);
    own.dispose();
  });

  it('leaves such an iteration out when it is to', () => {
    const own = descending({ onNonFinite: 'skip' });
    expect(own.step(slopes, Number.POSITIVE_INFINITY)).toMatchObject({ skipped: true });
    expect(own.pixels()).toEqual([...Float32Array.from(start)]);
    expect(own.descent.iteration).toBe(1);
    own.dispose();
  });

  it('goes on from where another stood, and holds no tensor more', () => {
    const before = liveTensors();
    const options = { schedule: { kind: 'cosine' }, space: 'normalised' } as const;
    const [one, other] = [descending(options), descending(options)];
    one.step();
    scope(() => other.descent.setState(one.descent.getState()));
    const random = new RandomGenerator(2);
    for (let step = 0; step < 3; step++) {
      const gradient = Array.from({ length: 4 }, () => random.uniform());
      for (const own of [one, other]) own.step(gradient);
      expect(other.pixels()).toEqual(one.pixels());
    }
    for (const own of [one, other]) own.dispose();
    expect(liveTensors()).toBe(before);
  });
});

import { describe, expect, it } from 'vitest';
import type { ImageShape } from '../core/image-shape.js';
import { UsageError } from '../core/index.js';
import { createOptimizer, crossEntropy, type Mode } from '../nn/index.js';
import { grad, liveTensors, noGrad, scope, type Tensor } from '../tensor/index.js';
import { expectNear, numbers } from '../tensor/testing/compare.js';
import { RandomGenerator, tensor } from '../tensor/testing/on-device.js';
import { buildModel, type ModelOptions, modelNames } from './index.js';

const square = (channels: number, side: number): ImageShape => ({
  channels,
  height: side,
  width: side,
});
const [grey28, colour8, colour32, colour64] = [
  square(1, 28),
  square(3, 8),
  square(3, 32),
  square(3, 64),
];

/** Every model, small, and with everything that depends on the mode where it has that. */
const models: readonly ModelOptions[] = [
  { name: 'convnet', width: 4 },
  { name: 'convnet', width: 4, norm: 'batch', activation: 'leaky-relu', pooling: 'max' },
  { name: 'mlp', width: 16, dropout: 0.3 },
  { name: 'lenet' },
  { name: 'alexnet', width: 8, norm: 'instance', dropout: 0.3 },
  { name: 'vgg', width: 4 },
  { name: 'vgg', depth: 16, width: 4, norm: 'batch' },
  { name: 'resnet', width: 4 },
  { name: 'resnet', depth: 50, width: 2, norm: 'batch' },
  { name: 'resnet-ap', depth: 10, width: 4 },
  { name: 'densenet', width: 2 },
  { name: 'convnext', width: 4, dropPath: 0.3 },
];

/** On 8×8 images deep networks come to maps of one pixel, which instance normalisation refuses. */
const forSmall = (options: ModelOptions): ModelOptions =>
  ['vgg', 'resnet', 'resnet-ap'].includes(options.name)
    ? ({ ...options, norm: 'batch' } as ModelOptions)
    : options;

const classes = 5;
const build = (options: ModelOptions, input: ImageShape, seed = 1) =>
  buildModel(options, input, classes, new RandomGenerator(seed));

function images(count: number, { channels, height, width }: ImageShape, seed = 2): Tensor {
  return new RandomGenerator(seed).normal([count, channels, height, width]);
}

it('the suite has every model', () => {
  expect(new Set(models.map(({ name }) => name))).toEqual(new Set(modelNames));
});

describe.each(models.map((options) => [JSON.stringify(options), options] as const))(
  '%s',
  (_, options) => {
    it.each([
      ['28×28 grey', grey28],
      ['8×8', colour8],
      ['32×32', colour32],
      ['64×64', colour64],
      ['18×41', { channels: 2, height: 18, width: 41 }],
    ])('gives features, scores and layers for %s images', (_, input) => {
      using model = build(input === colour8 ? forSmall(options) : options, input);
      scope(() =>
        noGrad(() => {
          const x = images(2, input);
          const features = model.features(x);
          expect(features.shape).toEqual([2, model.featureDimension]);
          const logits = model.logits(x);
          expect(logits.shape).toEqual([2, classes]);
          expect(numbers(logits).every(Number.isFinite)).toBe(true);
          expect(numbers(model.classify(features))).toEqual(numbers(logits));
          const layers = model.layers(x);
          expect(layers.length).toBeGreaterThanOrEqual(1);
          for (const layer of layers) expect([layer.rank, layer.size(0)]).toEqual([2, 2]);
          expect(numbers(layers.at(-1)!)).toEqual(numbers(features));
        }),
      );
    });

    it('treats the images of a batch apart, and changes nothing, in evaluation', () => {
      using model = build(options, colour32);
      const before = [...model.state().values()].map(numbers);
      const x = images(3, colour32);
      const alone = model.logits(x.narrow(0, 1, 1));
      // One image may be computed by other kernels than three, which round otherwise.
      expectNear(model.logits(x).narrow(0, 1, 1), alone, 1e-4);
      expect([...model.state().values()].map(numbers)).toEqual(before);
    });

    it('is the same for the same seed and another for another', () => {
      const values = (seed: number) =>
        [...build(options, colour32, seed).state().values()].map(numbers);
      expect(values(1)).toEqual(values(1));
      expect(values(1)).not.toEqual(values(2));
    });

    it('takes its state back', () => {
      using model = build(options, colour32);
      using other = build(options, colour32, 7);
      const x = images(2, colour32);
      model.logits(x, { kind: 'train', random: new RandomGenerator(1) }).dispose();
      expect(numbers(other.logits(x))).not.toEqual(numbers(model.logits(x)));
      other.loadState(model.state());
      expect(numbers(other.logits(x))).toEqual(numbers(model.logits(x)));
    });

    it('is drawn from the generator in training, repeatably', () => {
      using model = build(options, colour32);
      const x = images(4, colour32);
      const logits = (seed: number) =>
        numbers(model.logits(x, { kind: 'train', random: new RandomGenerator(seed) }));
      expect(logits(1)).toEqual(logits(1));
      const draws = 'dropout' in options || 'dropPath' in options;
      if (draws) expect(logits(1)).not.toEqual(logits(2));
      else expect(logits(1)).toEqual(logits(2));
    });

    it('learns in a few steps, every parameter of it, and leaks nothing', () => {
      const before = liveTensors();
      {
        using model = build(forSmall(options), colour8);
        using x = images(8, colour8);
        using labels = tensor(BigInt64Array.from([0n, 1n, 2n, 3n, 4n, 0n, 1n, 2n]));
        const mode: Mode = { kind: 'train', random: new RandomGenerator(3) };
        const loss = () => crossEntropy(model.logits(x, mode), labels);
        using optimizer = createOptimizer(model.parameters(), { kind: 'adam', learningRate: 3e-3 });
        const start = model.parameters().map(numbers);
        const first = scope(() => loss().item());
        const live = liveTensors();
        for (let step = 0; step < 12; step++) {
          scope(() => {
            optimizer.step(grad([loss()], model.parameters()));
          });
          if (step > 0) expect(liveTensors() - live).toBeLessThan(2 * start.length + 10);
        }
        expect(scope(() => loss().item())).toBeLessThan(first);
        for (const [index, [name, value]] of [...model.namedParameters()].entries()) {
          // Before a normalisation of each map, a convolution's bias has no influence.
          if (/^layers\.conv\.\d\.bias/.test(name)) continue;
          expect(numbers(value), name).not.toEqual(start[index]);
        }
      }
      expect(liveTensors()).toBe(before);
    });
  },
);

describe('images of ImageNet’s size', () => {
  it.each<ModelOptions>([
    { name: 'resnet', depth: 10, width: 2 },
    { name: 'resnet-ap', depth: 10, width: 2 },
    { name: 'vgg', width: 2 },
    { name: 'convnext', width: 2, depth: 1 },
  ])('pass through %o', (options) => {
    using model = build(options, square(3, 224));
    expect(model.logits(images(1, square(3, 224))).shape).toEqual([1, classes]);
  });
});

describe('options that a model cannot have', () => {
  it.each<[ModelOptions, RegExp]>([
    [{ name: 'vgg', depth: 12 as 11 }, /vgg: depth is one of 11, 13, 16, 19, got 12/],
    [{ name: 'resnet', depth: 20 as 18 }, /resnet: depth is one of 10, 18, 34, 50, got 20/],
    [{ name: 'lenet', width: 0 }, /lenet: width is a positive integer, got 0/],
    [{ name: 'convnet', width: 6, norm: 'group' }, /4 groups of channels.*6 channels/],
  ])('%o are refused', (options, message) => {
    expect(() => build(options, colour32)).toThrow(UsageError);
    expect(() => build(options, colour32)).toThrow(message);
  });

  it('images that are too small for it are refused', () => {
    expect(() => build({ name: 'resnet' }, colour8)).toThrow(/maps of a single pixel.*norm: batch/);
    expect(() => build({ name: 'convnext' }, square(3, 7))).toThrow(/from 8×8 on, got 7×7/);
  });
});

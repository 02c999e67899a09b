import { describe, expect, it } from 'vitest';
import { avgPool2d, type DType, liveTensors, type Tensor } from '../tensor/index.js';
import { expectNear, numbers } from '../tensor/testing/compare.js';
import { expectGradient } from '../tensor/testing/finite-differences.js';
import { ones, RandomGenerator, tensor, testDevice, zeros } from '../tensor/testing/on-device.js';
import {
  BatchNorm,
  Conv2d,
  evaluation,
  forwardConvolutionBlock,
  InstanceNorm,
  Linear,
  type Mode,
} from './index.js';
import { withTensors } from './testing/parameters.js';

const random = new RandomGenerator(1);
const training: Mode = { kind: 'train', random };
const normal = (...shape: number[]): Tensor => random.normal(shape, 'float64');
const empty = (shape: readonly number[], value: number, dtype: DType = 'float64'): Tensor =>
  zeros(shape, { dtype }).add(value);

describe('Conv2d', () => {
  const options = { inputChannels: 2, outputChannels: 3, kernel: 3, padding: 1, stride: 2, random };

  it('has the gradients of its values', () => {
    using layer = new Conv2d(options);
    expectGradient(
      (x, weight, bias) => withTensors(layer, { weight, bias }, () => layer.forward(x)),
      [normal(2, 2, 5, 4), normal(3, 2, 3, 3), normal(3)],
    );
  });

  it('adds up what lies under the kernel', () => {
    using layer = new Conv2d({ inputChannels: 1, outputChannels: 1, kernel: 3, random });
    layer.loadState(
      new Map([
        ['weight', ones([1, 1, 3, 3])],
        ['bias', tensor([0.5])],
      ]),
    );
    const x = tensor(
      Array.from({ length: 16 }, (_, index) => index),
      [1, 1, 4, 4],
    );
    expect(numbers(layer.forward(x))).toEqual([45.5, 54.5, 81.5, 90.5]);
  });

  it('has the size that padding and stride give', () => {
    using layer = new Conv2d(options);
    expect(layer.forward(zeros([1, 2, 7, 8])).shape).toEqual([1, 3, 4, 4]);
  });

  it('starts uniform within ±1/√(inputs of one output), and repeatably', () => {
    const make = (seed: number) =>
      new Conv2d({
        inputChannels: 16,
        outputChannels: 64,
        kernel: 3,
        random: new RandomGenerator(seed),
      });
    using layer = make(5);
    const bound = 1 / Math.sqrt(16 * 9);
    const weights = numbers(layer.weight).map((value) => value / bound);
    expect(Math.max(...weights)).toBeLessThanOrEqual(1);
    expect(Math.max(...weights)).toBeGreaterThan(0.99);
    expect(Math.min(...weights)).toBeLessThan(-0.99);
    const variance = weights.reduce((sum, value) => sum + value ** 2, 0) / weights.length;
    expect(variance).toBeCloseTo(1 / 3, 1);
    expect(Math.max(...numbers(layer.bias!).map(Math.abs))).toBeLessThanOrEqual(bound);
    expect(numbers(make(5).weight)).toEqual(numbers(layer.weight));
    expect(numbers(make(6).weight)).not.toEqual(numbers(layer.weight));
  });
});

describe('Linear', () => {
  it('has the gradients of its values', () => {
    using layer = new Linear(4, 3, random);
    expectGradient(
      (x, weight, bias) => withTensors(layer, { weight, bias }, () => layer.forward(x)),
      [normal(2, 4), normal(3, 4), normal(3)],
    );
  });

  it('is an affine map', () => {
    using layer = new Linear(2, 1, random);
    layer.loadState(
      new Map([
        ['weight', tensor([2, -1], [1, 2])],
        ['bias', tensor([10])],
      ]),
    );
    expect(numbers(layer.forward(tensor([1, 2, 3, 4], [2, 2])))).toEqual([10, 12]);
  });
});

describe('InstanceNorm', () => {
  it('gives every channel of every image the mean and deviation of its bias and weight', () => {
    using layer = new InstanceNorm(2, testDevice);
    layer.loadState(
      new Map([
        ['weight', tensor([1, 3])],
        ['bias', tensor([0, -2])],
      ]),
    );
    const x = random.normal([3, 2, 8, 8]).mul(5).add(7);
    const flat = layer.forward(x).reshape([3, 2, 64]);
    const mean = flat.mean([2], true);
    expectNear(mean.reshape([3, 2]), tensor([0, -2, 0, -2, 0, -2], [3, 2]), 1e-5);
    const deviation = flat.sub(mean).square().mean([2]).sqrt();
    expectNear(deviation, tensor([1, 3, 1, 3, 1, 3], [3, 2]), 1e-4);
  });

  it('has the gradients of its values', () => {
    using layer = new InstanceNorm(2, testDevice);
    expectGradient(
      (x, weight, bias) => withTensors(layer, { weight, bias }, () => layer.forward(x)),
      [normal(2, 2, 3, 4), normal(2), normal(2)],
    );
  });
});

describe('forwardConvolutionBlock', () => {
  it('is convolution, normalisation, ReLU and pooling, in double precision by their own operators', () => {
    using convolution = new Conv2d({
      inputChannels: 2,
      outputChannels: 3,
      kernel: 3,
      padding: 1,
      random,
    });
    using norm = new InstanceNorm(3, testDevice);
    const tensors = { weight: normal(3, 2, 3, 3), bias: normal(3) };
    const x = normal(2, 2, 5, 6);
    withTensors(convolution, tensors, () =>
      withTensors(norm, { weight: normal(3), bias: normal(3) }, () => {
        const parts = norm.forward(convolution.forward(x)).relu();
        expectNear(
          forwardConvolutionBlock(x, convolution, norm),
          avgPool2d(parts, [2, 2], [2, 2]),
          1e-14,
        );
      }),
    );
  });
});

describe('BatchNorm', () => {
  it('normalises by the batch in training, with gradients', () => {
    using layer = new BatchNorm(3, testDevice);
    const statistics = { runningMean: empty([3], 0), runningVariance: empty([3], 1) };
    expectGradient(
      (x, weight, bias) =>
        withTensors(layer, { weight, bias, ...statistics }, () => layer.forward(x, training)),
      [normal(6, 3), normal(3), normal(3)],
    );
  });

  it('normalises by the running statistics in evaluation, with gradients', () => {
    using layer = new BatchNorm(2, testDevice);
    const statistics = {
      runningMean: tensor([1, -1], [2], 'float64'),
      runningVariance: tensor([4, 9], [2], 'float64'),
    };
    expectGradient(
      (x, weight, bias) =>
        withTensors(layer, { weight, bias, ...statistics }, () => layer.forward(x, evaluation)),
      [normal(3, 2), normal(2), normal(2)],
    );
  });

  it('moves its running statistics by a tenth at each training batch, and only then', () => {
    using layer = new BatchNorm(1, testDevice);
    const x = tensor([1, 2, 3, 6], [4, 1]);
    layer.forward(x, training);
    expect(layer.runningMean.item()).toBeCloseTo(0.3, 6);
    // The variance of the sample, 14/3, is the unbiased one.
    expect(layer.runningVariance.item()).toBeCloseTo(0.9 + 0.1 * (14 / 3), 6);
    layer.forward(x, evaluation);
    expect(layer.runningMean.item()).toBeCloseTo(0.3, 6);
    expectNear(layer.forward(x, training).mean([0]), tensor([0]), 1e-6);
  });
});

describe('every layer', () => {
  it('leaves only its result behind', () => {
    using convolution = new Conv2d({ inputChannels: 3, outputChannels: 3, kernel: 1, random });
    using block = new Conv2d({
      inputChannels: 3,
      outputChannels: 3,
      kernel: 3,
      padding: 1,
      random,
    });
    using norm = new InstanceNorm(3, testDevice);
    using linear = new Linear(4, 2, random);
    using batchNorm = new BatchNorm(4, testDevice);
    using images = ones([2, 3, 4, 4]);
    using rows = ones([3, 4]);
    const calls = [
      () => convolution.forward(images),
      () => norm.forward(images),
      () => forwardConvolutionBlock(images, block, norm),
      () => linear.forward(rows),
      () => batchNorm.forward(rows, training),
    ];
    for (const call of calls) {
      const before = liveTensors();
      const result = call();
      expect(liveTensors()).toBe(before + 1);
      result.dispose();
    }
  });
});

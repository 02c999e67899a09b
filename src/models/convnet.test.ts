import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/index.js';
import { grad, liveTensors, loadPt, type Tensor } from '../tensor/index.js';
import { expectNear, numbers } from '../tensor/testing/compare.js';
import { golden, goldenPath } from '../tensor/testing/golden.js';
import { RandomGenerator, zeros } from '../tensor/testing/on-device.js';
import { buildModel, ConvNet, convNetDepth, modelNames, resolveModel } from './index.js';

const random = new RandomGenerator(1);
const grey28 = { channels: 1, height: 28, width: 28 };
const colour32 = { channels: 3, height: 32, width: 32 };

describe.each([
  ['convnet-grey28', grey28],
  ['convnet-colour32', colour32],
])('a ConvNet with the weights of %s', (name, input) => {
  const expected = golden(name);
  const network = new ConvNet(input, 10, { depth: 3, width: 8 }, random);
  const state = loadPt(goldenPath(`${name}.pt`)) as Record<string, Tensor>;
  network.loadState(new Map(Object.entries(state)));

  it("has PyTorch's names, so that its state dictionaries fit", () => {
    expect([...network.state().keys()].sort()).toEqual(Object.keys(state).sort());
  });

  it("computes PyTorch's scores", () => {
    expectNear(network.logits(expected('images')), expected('logits'), 1e-5);
  });

  it("computes PyTorch's gradients with respect to images and parameters", () => {
    const images = expected('images').clone().setRequiresGrad(true);
    const parameters = network.namedParameters();
    // A convolution's bias before a normalisation has no influence: its true gradient is 0, up to rounding.
    const names = [...parameters.keys()].filter((key) => !/conv\.\d\.bias/.test(key));
    const inputs = [images, ...names.map((key) => parameters.get(key)!)];
    const gradOutputs = [expected('output_weights')];
    const gradients = grad([network.logits(images)], inputs, { gradOutputs });
    for (const [index, key] of ['images', ...names].entries()) {
      expectNear(gradients[index]!, expected(`gradient.${key}`), 2e-5);
    }
    expect(names).toHaveLength(3 * 3 + 2);
  });
});

describe('ConvNet', () => {
  it.each([
    [grey28, 3, 4 * 4],
    [colour32, 3, 4 * 4],
    [{ channels: 3, height: 28, width: 28 }, 3, 3 * 3],
    [{ channels: 3, height: 64, width: 64 }, 4, 4 * 4],
    [{ channels: 1, height: 8, width: 8 }, 2, 2 * 2],
    [{ channels: 1, height: 7, width: 12 }, 2, 1 * 3],
    [{ channels: 1, height: 8, width: 8 }, 3, 1],
  ])('has width × last map features for %o and depth %i', (input, depth, map) => {
    using network = new ConvNet(input, 5, { depth, width: 6 }, random);
    expect(network.featureDimension).toBe(6 * map);
    const images = random.normal([2, input.channels, input.height, input.width]);
    const features = network.features(images);
    expect(features.shape).toEqual([2, 6 * map]);
    expect(network.classify(features).shape).toEqual([2, 5]);
    expect(numbers(network.logits(images))).toEqual(numbers(network.classify(features)));
  });

  it('treats the images of a batch apart', () => {
    using network = new ConvNet(colour32, 3, { width: 4 }, random);
    const images = random.normal([3, 3, 32, 32]);
    expectNear(
      network.logits(images).narrow(0, 1, 1),
      network.logits(images.narrow(0, 1, 1)),
      1e-5,
    );
  });

  it('is the same for the same seed and another for another', () => {
    const weights = (seed: number) =>
      numbers(new ConvNet(colour32, 3, { width: 4 }, new RandomGenerator(seed)).parameters()[0]!);
    expect(weights(1)).toEqual(weights(1));
    expect(weights(1)).not.toEqual(weights(2));
  });

  it('defaults to depth 3 and width 128', () => {
    using network = new ConvNet(colour32, 10, {}, random);
    expect(network.featureDimension).toBe(2048);
    expect(network.parameters().reduce((sum, x) => sum + x.length, 0)).toBe(320_010);
  });

  it('refuses images that are too small for its depth', () => {
    const build = () => new ConvNet({ channels: 1, height: 8, width: 8 }, 2, { depth: 4 }, random);
    expect(build).toThrow(UsageError);
    expect(build).toThrow(/depth 4 halves the image 4 times, which 8×8 images do not allow/);
  });

  it('leaves only its scores behind and releases everything', () => {
    const before = liveTensors();
    const network = new ConvNet(grey28, 2, { width: 2 }, random);
    const own = liveTensors();
    const images = zeros([1, 1, 28, 28]);
    const logits = network.logits(images);
    expect(liveTensors()).toBe(own + 2);
    for (const owned of [logits, images, network]) owned.dispose();
    expect(liveTensors()).toBe(before);
  });
});

describe('buildModel', () => {
  it('knows its names', () => {
    expect(modelNames).toContain('convnet');
    using network = buildModel({ name: 'convnet', width: 4 }, colour32, 7, random);
    expect(network.logits(zeros([1, 3, 32, 32])).shape).toEqual([1, 7]);
  });

  it('suggests the nearest for an unknown one', () => {
    const build = () => buildModel({ name: 'convnt' as 'convnet' }, colour32, 7, random);
    expect(build).toThrow(UsageError);
    expect(build).toThrow("Did you mean 'convnet'?");
  });
});

describe('the automatic depth', () => {
  const sized = (side: number, channels = 3) => ({ channels, height: side, width: side });

  it.each([
    [8, 1],
    [16, 2],
    [32, 3],
    [64, 4],
    [96, 5],
    [128, 5],
    [224, 6],
  ])('of images of %i × %i is %i', (side, depth) => {
    expect(convNetDepth(sized(side))).toBe(depth);
    expect(resolveModel({ name: 'convnet' }, sized(side))).toEqual({ name: 'convnet', depth });
  });

  it('counts grey images of 28 × 28 as the 32 × 32 that they are padded to', () => {
    expect(convNetDepth(sized(28, 1))).toBe(3);
  });

  it('builds the same network as the depth given', () => {
    const parameters = (depth?: number | 'auto'): string[] => {
      const options = { name: 'convnet', width: 4, ...(depth && { depth }) } as const;
      using network = buildModel(options, sized(64), 7, new RandomGenerator(1));
      return [...network.state()].map(([name, { shape }]) => `${name} ${shape}`);
    };
    expect(parameters()).toEqual(parameters(4));
    expect(parameters('auto')).toEqual(parameters(4));
  });
});

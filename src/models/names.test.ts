import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/index.js';
import type { Tensor } from '../tensor/index.js';
import { numbers } from '../tensor/testing/compare.js';
import { RandomGenerator } from '../tensor/testing/on-device.js';
import { buildModel, knownWeakness, type ModelOptions, modelOf } from './index.js';

const input = { channels: 3, height: 32, width: 32 };
const build = (options: ModelOptions, seed = 1) =>
  buildModel(options, input, 4, new RandomGenerator(seed));

describe('short names', () => {
  it.each<[string, ModelOptions]>([
    ['alexnet', { name: 'alexnet' }],
    ['vgg11', { name: 'vgg', depth: 11 }],
    ['resnet18', { name: 'resnet', depth: 18 }],
    ['resnet-50', { name: 'resnet', depth: 50 }],
    ['resnet-ap10', { name: 'resnet-ap', depth: 10 }],
    ['convnet4', { name: 'convnet', depth: 4 }],
    ['resnet-ap', { name: 'resnet-ap' }],
  ])('%s stands for %o', (name, options) => {
    expect(modelOf(name)).toEqual(options);
  });

  it('that are unknown are refused with the nearest', () => {
    expect(() => modelOf('resnet18x')).toThrow(UsageError);
    expect(() => modelOf('resnt18')).toThrow("Did you mean 'resnet18'?");
    expect(() => modelOf('lenet5')).toThrow(/unknown model 'lenet5'/);
  });
});

describe('state dictionaries in other spellings', () => {
  const respelled = (state: ReadonlyMap<string, Tensor>, change: (name: string) => string) =>
    new Map([...state].map(([name, value]) => [change(name), value]));

  it.each<[string, (name: string) => string]>([
    [
      'shortcut and classifier',
      (name) => name.replace('downsample', 'shortcut').replace(/^fc/, 'classifier'),
    ],
    ['layer0', (name) => name.replace(/^(conv1|bn1)/, 'layer0.$1')],
  ])('load into a residual network: %s', (_, change) => {
    using source = build({ name: 'resnet', depth: 10, width: 4, norm: 'batch' });
    using target = build({ name: 'resnet', depth: 10, width: 4, norm: 'batch' }, 2);
    const state = respelled(source.state(), change);
    expect([...state.keys()]).not.toEqual([...source.state().keys()]);
    target.loadState(state);
    expect([...target.state().values()].map(numbers)).toEqual(
      [...source.state().values()].map(numbers),
    );
  });

  it('may lack the counts of batches, as old ones do', () => {
    using source = build({ name: 'densenet', width: 2 });
    using target = build({ name: 'densenet', width: 2 }, 2);
    const state = new Map([...source.state()].filter(([name]) => !name.endsWith('tracked')));
    expect(state.size).toBeLessThan(source.state().size);
    target.loadState(state);
    expect(numbers(target.parameters()[0]!)).toEqual(numbers(source.parameters()[0]!));
  });
});

describe('the initialisation', () => {
  it('of residual networks is normal with the variance that He et al. give', () => {
    using model = build({ name: 'resnet', depth: 10, width: 16 });
    const values = numbers(model.state().get('layer4.0.conv2.weight')!);
    const variance = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
    expect(variance / (2 / (128 * 9))).toBeCloseTo(1, 1);
    expect(values.some((value) => value ** 2 > 9 * variance)).toBe(true);
  });

  it('of convnext is small, with branches near zero', () => {
    using model = build({ name: 'convnext' });
    const state = model.state();
    expect(new Set(numbers(state.get('stages.0.0.gamma')!))).toEqual(new Set([Math.fround(1e-6)]));
    expect(new Set(numbers(state.get('head.bias')!))).toEqual(new Set([0]));
    const weights = numbers(state.get('stages.1.0.pwconv1.weight')!);
    const variance = weights.reduce((sum, value) => sum + value ** 2, 0) / weights.length;
    expect(Math.sqrt(variance)).toBeCloseTo(0.02, 3);
  });
});

describe('sizes', () => {
  // What the papers and the usual implementations state, with 10 classes.
  it.each<[ModelOptions, number, number]>([
    [{ name: 'lenet' }, 84, 62_006],
    [{ name: 'alexnet' }, 3072, 1_872_202],
    [{ name: 'vgg' }, 512, 9_231_114],
    [{ name: 'resnet' }, 512, 11_173_962],
    [{ name: 'resnet', depth: 50 }, 2048, 23_520_842],
    [{ name: 'densenet' }, 384, 1_000_618],
  ])('%o has %i features and %i parameters', (options, features, parameters) => {
    using model = buildModel(options, input, 10, new RandomGenerator(1));
    expect(model.featureDimension).toBe(features);
    expect(model.parameters().reduce((sum, { length }) => sum + length, 0)).toBe(parameters);
  });
});

describe('advice', () => {
  it('warns of batch normalisation, also where it is the default', () => {
    expect(knownWeakness({ name: 'resnet', norm: 'batch' })).toMatch(/batch normalisation/);
    expect(knownWeakness({ name: 'densenet' })).toMatch(/batch normalisation/);
    expect(knownWeakness({ name: 'densenet', norm: 'instance' })).toBeUndefined();
  });

  it('has nothing against the networks that are usual for distilled sets', () => {
    for (const name of ['convnet', 'vgg', 'resnet', 'resnet-ap'] as const)
      expect(knownWeakness({ name })).toBeUndefined();
    expect(knownWeakness({ name: 'resnet', depth: 50 })).toMatch(/depth 50/);
    expect(knownWeakness({ name: 'alexnet' })).toMatch(/norm: instance/);
    expect(knownWeakness({ name: 'alexnet', norm: 'instance' })).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { buildModel, modelNames } from '../models/index.js';

import { RandomGenerator } from '../tensor/testing/on-device.js';
import { loadPlan } from './index.js';
import { file, plan, problems, smallest } from './testing/configurations.js';

describe('the model of a configuration', () => {
  it.each(modelNames)('may be %s, with its own defaults written out', (name) => {
    const { plan, yaml } = loadPlan({ source: file(`${smallest}model: { name: ${name} }`) });
    expect(plan.model.name).toBe(name);
    expect(plan.student).toEqual(plan.model);
    expect(loadPlan({ source: file(yaml) }).plan.model).toEqual(plan.model);
    const input = { channels: 3, height: 32, width: 32 };
    using written = buildModel(plan.model, input, 2, new RandomGenerator(0));
    using usual = buildModel({ name }, input, 2, new RandomGenerator(0));
    const shapes = (model: typeof usual) =>
      [...model.state()].map(([key, { shape }]) => [key, shape]);
    expect(shapes(written)).toEqual(shapes(usual));
  });

  it('keeps nothing of the usual model when another is named', () => {
    const { model } = plan(`${smallest}model: { name: vgg, norm: batch }`);
    expect(model).toEqual({
      name: 'vgg',
      depth: 11,
      width: 64,
      norm: 'batch',
      activation: 'relu',
      pooling: 'max',
      dropout: 0,
    });
  });

  it('may differ from the student, which is then a whole model of its own', () => {
    const { model, student } = plan(
      `${smallest}model: { width: 16 }\nstudent: { name: resnet, depth: 10 }`,
    );
    expect(model).toMatchObject({ name: 'convnet', depth: 'auto', width: 16 });
    expect(student).toEqual({
      name: 'resnet',
      depth: 10,
      width: 64,
      norm: 'instance',
      activation: 'relu',
    });
  });

  it.each([
    ['{ name: resnt }', /model\.name: expected convnet, .* or convnext, found 'resnt'/],
    ['{ name: resnet, depth: 11 }', /model\.depth: expected one of 10, 18, 34, 50, found 11/],
    ['{ name: mlp, norm: batch }', /model\.norm: unknown key for the model mlp; expected one of/],
    ['{ poling: max }', /model\.poling: unknown key for the model convnet; did you mean 'pooling'/],
    ['{ name: lenet, pooling: none }', /model\.pooling: expected average or max, found 'none'/],
    ['{ name: alexnet, dropout: 1 }', /model\.dropout: expected a number from 0 to below 1/],
  ])('is refused as %s', (model, message) => {
    expect(problems(`${smallest}model: ${model}`).join('\n')).toMatch(message);
  });
});

import { describe, expect, it } from 'vitest';
import { grad, oneHot } from '../tensor/index.js';
import { expectNear } from '../tensor/testing/compare.js';
import { expectGradient } from '../tensor/testing/finite-differences.js';
import { golden } from '../tensor/testing/golden.js';
import { RandomGenerator, tensor } from '../tensor/testing/on-device.js';
import { correctPredictions, crossEntropy, softCrossEntropy } from './index.js';

const expected = golden('losses');
const labels = expected('labels');
const target = expected('target');

describe.each([
  ['crossEntropy', 'hard', labels, crossEntropy],
  ['softCrossEntropy', 'soft', target, softCrossEntropy],
] as const)('%s', (_, key, truth, loss) => {
  it("equals PyTorch's, in value and gradient", () => {
    const logits = expected('logits').clone().setRequiresGrad(true);
    const value = loss(logits, truth);
    expectNear(value, expected(key), 1e-12);
    expectNear(grad([value], [logits])[0]!, expected(`gradient.${key}`), 1e-12);
  });

  it('does so in single precision', () => {
    const logits = expected('logits').to('float32').setRequiresGrad(true);
    const value = loss(logits, key === 'soft' ? truth.to('float32') : truth);
    expectNear(value, expected(key), 1e-5);
    expectNear(grad([value], [logits])[0]!, expected(`gradient.${key}`), 1e-5);
  });

  it('stays finite for extreme logits', () => {
    const logits = tensor([1000, -1000, 0, 500, 0, -500], [2, 3]);
    const extreme =
      key === 'soft' ? tensor([0, 1, 0, 0, 0, 1], [2, 3]) : tensor([1, 2], [2], 'int64');
    expect(loss(logits, extreme).item()).toBeCloseTo((2000 + 1000) / 2, 2);
  });
});

describe('losses', () => {
  it('agree for one-hot targets', () => {
    const logits = expected('logits');
    const soft = softCrossEntropy(logits, oneHot(labels, 5).to('float64'));
    expectNear(soft, crossEntropy(logits, labels), 1e-14);
  });

  it('have the gradients of their values, also with respect to soft targets', () => {
    const logits = new RandomGenerator(1).normal([3, 4], 'float64');
    const truth = tensor([2, 0, 3], [3], 'int64');
    expectGradient((x) => crossEntropy(x, truth), [logits]);
    expectGradient(softCrossEntropy, [logits, new RandomGenerator(2).normal([3, 4], 'float64')]);
  });
});

describe('correctPredictions', () => {
  it('counts rows whose largest entry is at the label', () => {
    const logits = tensor([1, 2, 0, 5, 4, 3, 0, 0, 1], [3, 3]);
    expect(correctPredictions(logits, tensor([1, 1, 2], [3], 'int64'))).toBe(2);
    expect(correctPredictions(logits, tensor([0, 2, 0], [3], 'int64'))).toBe(0);
  });
});

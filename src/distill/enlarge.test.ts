import { afterEach, describe, expect, it } from 'vitest';
import { crossEntropy } from '../nn/index.js';
import {
  grad,
  setGpuOptions,
  standInDevice,
  type Tensor,
  usualGpuOptions,
} from '../tensor/index.js';
import { expectNear } from '../tensor/testing/compare.js';
import { describeOnStandIn, RandomGenerator } from '../tensor/testing/on-device.js';
import { type Enlargement, enlarge } from './enlarge.js';

describe('enlarge', () => {
  it.each([
    [4, 3, 9, 7],
    [14, 14, 28, 28],
    [1, 2, 5, 2],
  ])(
    'gives by products what the operator gives, with gradients: %i×%i to %i×%i',
    (h, w, height, width) => {
      const random = new RandomGenerator(h);
      const images = random.normal([2, 3, h, w], 'float64').setRequiresGrad(true);
      const direction = random.normal([2, 3, height, width], 'float64');
      const of = (by: Enlargement): Tensor[] => {
        const enlarged = enlarge(images, [height, width], by);
        return [enlarged.detach(), ...grad([enlarged.mul(direction).sum()], [images])];
      };
      for (const [index, one] of of('products').entries())
        expectNear(one, of('operator')[index]!, 1e-12);
    },
  );
});

describeOnStandIn('what a GPU is to compute with the same bits each time', () => {
  afterEach(() => setGpuOptions(usualGpuOptions));

  it('is the same but for last digits: enlarged images and the gradient of a cross-entropy', () => {
    const random = new RandomGenerator(5, standInDevice);
    const images = random.normal([1, 1, 3, 3]);
    const logits = random.normal([2, 3]).setRequiresGrad(true);
    const labels = random.normal([2]).gt(0).to('int64');
    const all = (): Tensor[] => {
      const loss = crossEntropy(logits, labels);
      return [enlarge(images, [6, 6]), loss.detach(), ...grad([loss], [logits])];
    };
    const before = all();
    const taken = setGpuOptions({ ...usualGpuOptions, deterministic: true });
    expect(taken).toEqual({ deterministic: true, benchmark: false, tf32: true });
    for (const [index, one] of all().entries()) expectNear(one, before[index]!, 1e-6);
  });
});

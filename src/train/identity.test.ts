import { expect, it } from 'vitest';
import { fingerprint } from '../core/index.js';
import { loadDigits } from '../data/readers/digits.js';
import { liveTensors } from '../tensor/index.js';
import { RandomGenerator, tensor } from '../tensor/testing/on-device.js';
import { identityOf } from './identity.js';

const { train, test } = await loadDigits();

it('an identity tells inputs apart by what they hold, and an input that is added counts', () => {
  const live = liveTensors();
  {
    using ones = tensor([1, 1], [2]);
    using copy = tensor([1, 1], [2]);
    using others = tensor([1, 2], [2]);
    const random = new RandomGenerator(1);
    const hashOf = (changed: object) =>
      fingerprint(identityOf({ train, random, nested: [{ images: ones }], ...changed }));
    const same = hashOf({});
    expect(hashOf({ train: { ...train, name: 'renamed', hash: train.hash } })).toBe(same);
    expect(hashOf({ random: new RandomGenerator(1), nested: [{ images: copy }] })).toBe(same);
    expect(hashOf({ left: undefined })).toBe(same);
    const different: object[] = [
      { train: test },
      { train: { ...train, hash: train.hash, normalization: { mean: [0], std: [1] } } },
      { train: { ...train, hash: train.hash, classNames: [...train.classNames, 'more'] } },
      { random: new RandomGenerator(2) },
      { nested: [{ images: others }] },
      { added: 1 },
      { added: null },
    ];
    expect(new Set([same, ...different.map(hashOf)]).size).toBe(different.length + 1);
  }
  expect(liveTensors()).toBe(live);
});

it('an identity is refused for inputs that say nothing of what they do, unless these change nothing', () => {
  const inputs = { seed: 1, onEvent: () => {} };
  expect(() => identityOf(inputs)).toThrow("onEvent can't be told apart");
  expect(() => identityOf({ at: new Date(0) })).toThrow("at can't be told apart");
  expect(identityOf(inputs, ['onEvent'])).toEqual({ seed: 1 });
});

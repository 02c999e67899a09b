import { describe, expect, it } from 'vitest';
import { hashTensors } from './index.js';
import { tensor } from './testing/on-device.js';

function hashed(
  name: string,
  values: readonly number[],
  shape: readonly number[],
  dtype = 'float32',
) {
  using value = tensor(values, shape, dtype as 'float32' | 'int32');
  return hashTensors([[name, value]]);
}

describe('the hash of tensors', () => {
  const own = hashed('a', [1, 2, 3, 0], [4]);

  it('is the same for equal ones', () => {
    expect(hashed('a', [1, 2, 3, 0], [4])).toBe(own);
  });

  it.each([
    ['name', hashed('b', [1, 2, 3, 0], [4])],
    ['element', hashed('a', [1, 2, 3, 1], [4])],
    ['shape', hashed('a', [1, 2, 3, 0], [2, 2])],
    ['type', hashed('a', [1, 2, 3, 0], [4], 'int32')],
  ])('is another for another %s', (_, other) => {
    expect(other).not.toBe(own);
  });
});

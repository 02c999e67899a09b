import { describe, expect, it } from 'vitest';
import { FailureError, nearest, UsageError } from './errors.js';

describe('nearest', () => {
  const names = ['fashion-mnist', 'mnist', 'digits'];

  it.each([
    ['mnits', 'mnist'],
    ['MNIST', 'mnist'],
    ['fashion_mnist', 'fashion-mnist'],
    ['digit', 'digits'],
  ])("takes '%s' for '%s'", (typed, meant) => {
    expect(nearest(typed, names)).toBe(meant);
  });

  it.each(['imagenet', '', 'x'])("has no idea what '%s' is", (typed) => {
    expect(nearest(typed, names)).toBeUndefined();
  });

  it('counts swapped neighbours as one edit', () => {
    expect(nearest('ab', ['ba'])).toBe('ba');
    expect(nearest('ab', ['cd'])).toBeUndefined();
  });
});

describe('errors', () => {
  it('have names and causes', () => {
    const cause = new Error('deeper');
    expect(new UsageError('x', { cause })).toMatchObject({
      name: 'UsageError',
      message: 'x',
      cause,
    });
    expect(new FailureError('y')).toMatchObject({ name: 'FailureError', message: 'y' });
    expect(new FailureError('y')).toBeInstanceOf(Error);
    expect(new FailureError('y')).not.toBeInstanceOf(UsageError);
  });
});

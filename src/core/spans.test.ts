import { describe, expect, it } from 'vitest';
import { spans } from './spans.js';

describe('spans', () => {
  it('cover a range without gap, the last one what is left', () => {
    expect(spans(7, 3)).toEqual([
      { start: 0, length: 3 },
      { start: 3, length: 3 },
      { start: 6, length: 1 },
    ]);
    expect(spans(4, 9)).toEqual([{ start: 0, length: 4 }]);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuse a size of %s', (size) => {
    expect(() => spans(4, size)).toThrow('must be a positive integer');
  });
});

import { describe, expect, it } from 'vitest';
import { formatSize, parseSize } from './size.js';

describe('parseSize', () => {
  it.each([
    ['2GB', 2e9],
    ['1.5GiB', 1.5 * 2 ** 30],
    ['800MB', 8e8],
    ['512 MiB', 2 ** 29],
    ['64kb', 64_000],
    ['.5 gb', 5e8],
    ['1048576', 2 ** 20],
    ['3 B', 3],
  ])('reads %s', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each([
    '',
    'GB',
    'lots',
    '-1GB',
    '2 gigabytes',
    '1e9',
    '0',
    '0.2B',
    '2G B',
    '9e99GB',
    '99999999TB',
  ])('does not read %j', (text) => {
    expect(parseSize(text)).toBeUndefined();
  });
});

describe('formatSize', () => {
  it.each([
    [812, '812 B'],
    [38_400, '38.4 kB'],
    [999_400, '999 kB'],
    [999_600, '1.00 MB'],
    [64e7, '640 MB'],
    [1.25e9, '1.25 GB'],
    [5e15, '5000 TB'],
  ])('writes %i as %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  it('is read again to within its digits', () => {
    for (const bytes of [3, 7123, 81_234_567, 2_345_678_901]) {
      const again = parseSize(formatSize(bytes))!;
      expect(Math.abs(again - bytes) / bytes).toBeLessThan(0.006);
    }
  });
});

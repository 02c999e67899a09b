import { expect, it } from 'vitest';
import { formatBytes, formatSeconds, textTable } from './table.js';

it('aligns words to the left and numbers to the right', () => {
  const columns = [{ heading: 'name' }, { heading: 'n', numeric: true }];
  expect(
    textTable(columns, [
      ['a', '12'],
      ['longer', '3'],
    ]),
  ).toBe(['name     n', 'a       12', 'longer   3', ''].join('\n'));
});

it.each([
  [0, '0 s'],
  [0.0000456, '45.6 µs'],
  [0.0456, '45.6 ms'],
  [12.34, '12.3 s'],
  [3600, '3600 s'],
])('writes %d seconds as %s', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

it('writes bytes in the unit that suits them', () => {
  expect(formatBytes(812_400_000)).toBe('812 MB');
  expect(formatBytes(2_040_000_000)).toBe('2.04 GB');
});

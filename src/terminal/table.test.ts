import { expect, test } from 'vitest';
import { accuracyTable } from './table.js';

const rows = [
  { set: 'random', mean: 75.8, std: 0.427, n: 3 },
  { set: 'ncfm', mean: 82.166, std: 12.26, n: 10 },
  { set: 'start', mean: 8.5, std: null, n: 1 },
];

test('the accuracy table lines up its columns and shows no deviation for a single seed', () => {
  expect(accuracyTable(rows)).toBe(
    [
      'set     accuracy (%)    n',
      'random  75.80 ±  0.43   3',
      'ncfm    82.17 ± 12.26  10',
      'start    8.50           1',
      '',
    ].join('\n'),
  );
});

test('a table without rows is its heading', () => {
  expect(accuracyTable([])).toBe('set  accuracy (%)  n\n');
});

test('an interval has a column of its own as soon as one row has one', () => {
  const [random, , start] = rows;
  expect(accuracyTable([{ ...random!, interval95: [74.739, 76.861] }, start!])).toBe(
    [
      'set     accuracy (%)  95 % interval   n',
      'random  75.80 ± 0.43  74.74 to 76.86  3',
      'start    8.50                         1',
      '',
    ].join('\n'),
  );
});

test('what the values differ in has a column as soon as one row says so', () => {
  const [random, , start] = rows;
  expect(accuracyTable([{ ...random!, over: 'trainings of this set' }, start!])).toBe(
    [
      'set     accuracy (%)  n  over',
      'random  75.80 ± 0.43  3  trainings of this set',
      'start    8.50         1',
      '',
    ].join('\n'),
  );
});

import { expect, it } from 'vitest';
import { runningMean } from './running-mean.js';

it('takes the mean of a value and those before it, as far as there are so many', () => {
  const points = [3, 5, 1, 9].map((value, x) => [x, value, value, value] as const);
  expect(runningMean(points, 2).map(([x, mean]) => [x, mean])).toEqual([
    [0, 3],
    [1, 4],
    [2, 3],
    [3, 5],
  ]);
});

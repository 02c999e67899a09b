import type { SeriesPoint } from '../../src/studio/view.js';

/** Each point's value becomes the mean of it and the `count − 1` before it, as far as there are so many. */
export function runningMean(points: readonly SeriesPoint[], count: number): SeriesPoint[] {
  let sum = 0;
  return points.map(([x, value, low, high], index) => {
    sum += value;
    const gone = points[index - count];
    if (gone !== undefined) sum -= gone[1];
    return [x, sum / Math.min(index + 1, count), low, high];
  });
}

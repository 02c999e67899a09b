/** What is said of several timings of the same thing. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

/** Median (the mean of the middle two of an even number), least and greatest. Throws RangeError for no values. */
export function summarizeTimes(values: readonly number[]): Summary {
  if (values.length === 0) throw new RangeError('there are no values to summarise');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)!, count: sorted.length };
}

/**
 * The mean of each run of `size` consecutive values: of iterations that share a draw, one has all the work of it, so
 * only whole groups compare. A rest is left out.
 */
export function groupMeans(values: readonly number[], size: number): number[] {
  return Array.from({ length: Math.floor(values.length / size) }, (_, group) => {
    const members = values.slice(group * size, (group + 1) * size);
    return members.reduce((sum, value) => sum + value, 0) / size;
  });
}

/** One line of an accuracy table: an `evaluate-end` event fits. */
export interface AccuracyRow {
  /** Which images were trained on. */
  readonly set: string;
  /** Mean test accuracy, percent. */
  readonly mean: number;
  /** Standard deviation over the seeds, percentage points. */
  readonly std: number;
  /** Number of seeds. */
  readonly n: number;
}

/**
 * The accuracies as an aligned text table that ends with a line end. A single seed has no deviation to show.
 *
 *     set     accuracy (%)  n
 *     random  75.80 ± 0.43  3
 *     ncfm    82.17 ± 0.26  3
 */
export function accuracyTable(rows: readonly AccuracyRow[]): string {
  const means = alignEnd(rows.map(({ mean }) => mean.toFixed(2)));
  const deviations = alignEnd(rows.map(({ std, n }) => (n > 1 ? std.toFixed(2) : '')));
  const counts = alignEnd(['n', ...rows.map(({ n }) => String(n))]);
  const sets = alignStart(['set', ...rows.map(({ set }) => set)]);
  const accuracies = alignStart([
    'accuracy (%)',
    ...rows.map(({ n }, index) =>
      n > 1 ? `${means[index]} ± ${deviations[index]}` : means[index]!,
    ),
  ]);
  return sets.map((set, index) => `${set}  ${accuracies[index]}  ${counts[index]}\n`).join('');
}

function alignStart(cells: readonly string[]): string[] {
  const width = Math.max(0, ...cells.map((cell) => cell.length));
  return cells.map((cell) => cell.padEnd(width));
}

function alignEnd(cells: readonly string[]): string[] {
  const width = Math.max(0, ...cells.map((cell) => cell.length));
  return cells.map((cell) => cell.padStart(width));
}

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
  /** Interval that holds the mean with 95 % confidence. */
  readonly interval95?: readonly [low: number, high: number];
}

/**
 * The accuracies as an aligned text table that ends with a line end. A single seed has no deviation to show, and no
 * interval.
 *
 *     set     accuracy (%)  95 % interval   n
 *     random  75.80 ± 0.43  74.74 to 76.86  3
 *     ncfm    82.17 ± 0.26  81.52 to 82.82  3
 */
export function accuracyTable(rows: readonly AccuracyRow[], title = 'set'): string {
  const accuracies = accuracyCells(rows);
  const intervals = rows.map(({ interval95: interval }) =>
    interval ? `${interval[0].toFixed(2)} to ${interval[1].toFixed(2)}` : '',
  );
  const intervalColumn = intervals.some((cell) => cell !== '');
  const cells = rows.map(({ set, n }, index) => [
    set,
    accuracies[index]!,
    ...(intervalColumn ? [intervals[index]!] : []),
    String(n),
  ]);
  const heading = [title, 'accuracy (%)', ...(intervalColumn ? ['95 % interval'] : []), 'n'];
  return alignColumns(
    [heading, ...cells],
    ['start', 'start', ...(intervalColumn ? ['start' as const] : []), 'end'],
  );
}

/** `82.17 ± 0.26`, the numbers of all rows below each other; without deviation for a single seed. */
export function accuracyCells(rows: readonly Omit<AccuracyRow, 'set'>[]): string[] {
  const means = alignEnd(rows.map(({ mean }) => mean.toFixed(2)));
  const deviations = alignEnd(rows.map(({ std, n }) => (n > 1 ? std.toFixed(2) : '')));
  return rows.map(({ n }, index) =>
    n > 1 ? `${means[index]} ± ${deviations[index]}` : means[index]!,
  );
}

/** Rows of as many cells as there are alignments, in columns as wide as they must be. */
export function alignColumns(
  rows: readonly (readonly string[])[],
  alignments: readonly ('start' | 'end')[],
): string {
  const columns = alignments.map((alignment, column) => {
    const cells = rows.map((row) => row[column]!);
    return alignment === 'start' ? alignStart(cells) : alignEnd(cells);
  });
  return rows
    .map(
      (_, row) =>
        `${columns
          .map((cells) => cells[row])
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function alignStart(cells: readonly string[]): string[] {
  const width = Math.max(0, ...cells.map((cell) => cell.length));
  return cells.map((cell) => cell.padEnd(width));
}

function alignEnd(cells: readonly string[]): string[] {
  const width = Math.max(0, ...cells.map((cell) => cell.length));
  return cells.map((cell) => cell.padStart(width));
}

export interface AccuracyRow {
  /** Which images were trained on. */
  readonly set: string;
  /** Mean test accuracy, percent. */
  readonly mean: number;
  /** Standard deviation, percentage points; null for a single value. */
  readonly std: number | null;
  /** Number of values. */
  readonly n: number;
  /** 95 % interval of the mean. */
  readonly interval95?: readonly [low: number, high: number];
  /** What the values differ in. */
  readonly over?: string;
}

/**
 * The accuracies as an aligned text table that ends with a line end. A single value has no deviation to show, and no
 * interval; columns that no row fills are left out.
 *
 *     set     accuracy (%)  95 % interval   n  over
 *     random  75.80 ± 0.43  74.74 to 76.86  3  images and trainings
 *     ncfm    82.17 ± 0.26  81.52 to 82.82  3  trainings of this set
 */
export function accuracyTable(rows: readonly AccuracyRow[], title = 'set'): string {
  const accuracies = accuracyCells(rows);
  return columnsTable([
    { title, cells: rows.map(({ set }) => set) },
    { title: 'accuracy (%)', cells: accuracies },
    { title: '95 % interval', cells: rows.map(intervalCell), optional: true },
    { title: 'n', cells: rows.map(({ n }) => String(n)), alignment: 'end' },
    { title: 'over', cells: rows.map(({ over = '' }) => over), optional: true },
  ]);
}

export interface Column {
  readonly title: string;
  readonly cells: readonly string[];
  readonly alignment?: 'start' | 'end';
  /** Left out when all cells are empty. */
  readonly optional?: boolean;
}

export function columnsTable(columns: readonly Column[]): string {
  const shown = shownOf(columns);
  const filled = shown.map(({ title, cells }) => [title, ...cells]);
  return alignColumns(
    filled[0]!.map((_, row) => filled.map((cells) => cells[row]!)),
    shown.map(({ alignment = 'start' }) => alignment),
  );
}

/** The same as Markdown. */
export function markdownTable(columns: readonly Column[]): string {
  const shown = shownOf(columns);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return [
    line(shown.map(({ title }) => title)),
    line(shown.map(({ alignment }) => (alignment === 'end' ? '---:' : '---'))),
    ...shown[0]!.cells.map((_, row) => line(shown.map(({ cells }) => cells[row]!.trim()))),
  ].join('');
}

function shownOf(columns: readonly Column[]): readonly Column[] {
  return columns.filter(({ cells, optional }) => !optional || cells.some((cell) => cell));
}

/** `81.52 to 82.82`; empty without an interval. */
export function intervalCell({ interval95: interval }: Pick<AccuracyRow, 'interval95'>): string {
  return interval ? `${interval[0].toFixed(2)} to ${interval[1].toFixed(2)}` : '';
}

/** `82.17 ± 0.26`, the numbers of all rows below each other; without deviation where there is none. */
export function accuracyCells(rows: readonly Pick<AccuracyRow, 'mean' | 'std'>[]): string[] {
  const means = alignEnd(rows.map(({ mean }) => mean.toFixed(2)));
  const deviations = alignEnd(rows.map(({ std }) => std?.toFixed(2) ?? ''));
  return rows.map(({ std }, index) =>
    std === null ? means[index]! : `${means[index]} ± ${deviations[index]}`,
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

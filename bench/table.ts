/** One column: its heading and whether it is aligned to the right, as numbers are. */
export interface Column {
  readonly heading: string;
  readonly numeric?: boolean;
}

/** An aligned text table, every line ended; columns are two spaces apart. */
export function textTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [columns.map(({ heading }) => heading), ...rows];
  const widths = columns.map((_, index) =>
    Math.max(...lines.map((line) => (line[index] ?? '').length)),
  );
  return lines
    .map((line) => {
      const cells = columns.map(({ numeric }, index) => {
        const cell = line[index] ?? '';
        return numeric ? cell.padStart(widths[index]!) : cell.padEnd(widths[index]!);
      });
      return `${cells.join('  ').trimEnd()}\n`;
    })
    .join('');
}

/** Seconds with three significant digits: '12.3 s', '45.6 ms', '7.89 µs'. */
export function formatSeconds(seconds: number): string {
  if (seconds === 0) return '0 s';
  if (seconds < 1e-3) return `${(seconds * 1e6).toPrecision(3)} µs`;
  if (seconds < 1) return `${(seconds * 1e3).toPrecision(3)} ms`;
  return `${seconds < 100 ? seconds.toPrecision(3) : seconds.toFixed(0)} s`;
}

/** Bytes as '812 MB' or '2.04 GB' (powers of ten). */
export function formatBytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

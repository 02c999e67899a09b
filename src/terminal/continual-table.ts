import type { ContinualResult, Curve, CurveName } from '../downstream/index.js';
import type { Accuracy } from '../evaluate/index.js';
import { accuracyCells, alignColumns } from './table.js';

/** What each memory came to: after the last step, on average over the steps, and how much was forgotten. */
export function continualTable(
  { curves, classesSeen, method }: ContinualResult,
  curveTitle: (name: CurveName, method: string) => string,
): string {
  const forgets = curves.some(({ forgetting }) => forgetting !== undefined);
  const columns = [
    ['memory', ...curves.map((curve) => curveTitle(curve, method))],
    [
      `after ${classesSeen.at(-1)} classes (%)`,
      ...accuracyCells(curves.map(({ accuracy }) => accuracy.at(-1)!)),
    ],
    ['mean over steps (%)', ...accuracyCells(curves.map((curve) => curve.averageIncremental))],
    ...(forgets ? [['forgetting (points)', ...forgettingCells(curves)]] : []),
    ['n', ...curves.map(({ repetitions }) => String(repetitions.length))],
  ];
  const rows = columns[0]!.map((_, row) => columns.map((cells) => cells[row]!));
  return alignColumns(
    rows,
    columns.map((_, column) => (column === columns.length - 1 ? 'end' : 'start')),
  );
}

function forgettingCells(curves: readonly Curve[]): string[] {
  return accuracyCells(curves.map(({ forgetting }): Accuracy => forgetting!));
}

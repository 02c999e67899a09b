import type { Components, SetFigures, WholeData } from '../evaluate/index.js';
import type { PipelineResult, RepeatedResult, SetResults } from '../pipeline/index.js';
import { labelOfSet } from '../plan/set-label.js';
import {
  type AccuracyRow,
  accuracyCells,
  accuracyTable,
  columnsTable,
  intervalCell,
} from './table.js';

/** The accuracies of some sets, and of the whole data where that is known, as a table. */
export function resultTable({
  accuracy,
  wholeData,
  ...result
}: PipelineResult | SetResults): string {
  const sets = Object.entries<SetFigures>(accuracy);
  const label = (set: string): string =>
    'method' in result ? labelOfSet(set, result.method) : set;
  return accuracyTable([
    ...sets.map(([set, figures]) => setRow(label(set), figures)),
    ...(wholeData ? [wholeDataRow(wholeData)] : []),
  ]);
}

/** A line of the table for a set of images, which says what its deviation is over. */
export function setRow(set: string, figures: SetFigures): AccuracyRow {
  const over = figures.varies.includes('images') ? 'images and trainings' : 'trainings of this set';
  return { set, ...figures, over };
}

export function wholeDataRow(wholeData: WholeData): AccuracyRow {
  return { set: `all data, ${wholeData.epochs} epochs`, ...wholeData, over: 'trainings' };
}

/** The accuracies of several distillations, and the two sources of what they differ by. */
export function repeatsTable({ accuracy, method }: RepeatedResult): string {
  const sets = ['random', 'start', 'distilled'] as const;
  const rows = sets.map((set) => accuracy[set]);
  const component = (name: keyof Components): string[] =>
    rows.map(({ components }) => components[name]?.toFixed(2) ?? '');
  return columnsTable([
    { title: 'set', cells: sets.map((set) => labelOfSet(set, method)) },
    { title: 'accuracy (%)', cells: accuracyCells(rows) },
    { title: '95 % interval', cells: rows.map(intervalCell), optional: true },
    { title: 'distillations', cells: rows.map(({ n }) => String(n)), alignment: 'end' },
    { title: 'between them', cells: component('distillation'), alignment: 'end', optional: true },
    { title: 'between trainings', cells: component('training'), alignment: 'end', optional: true },
  ]);
}

import { formatSize } from '../../../core/size.js';
import type { DuplicateGroup } from '../../../data/inspection/duplicates.js';
import type { InspectionReport, PartReport } from '../../../data/inspection/inspect.js';
import { alignColumns } from '../../../terminal/table.js';

/** Classes shown one by one; of more, only the smallest and the largest. */
const MOST_CLASSES = 20;

/** Damaged files shown; `--json` has all. */
const MOST_DAMAGED = 50;

export function describeReport(dataset: string, report: InspectionReport): string {
  const facts = [
    ['dataset', dataset],
    ...report.parts.flatMap(describePart),
    ['classes', `${report.classNames.length}, order ${report.classOrderHash.slice(0, 16)}`],
    ['duplicates', describeDuplicates(report)],
  ];
  const width = Math.max(...facts.map(([title]) => title!.length));
  const lines = facts.map(([title, text]) => `${title!.padEnd(width)}  ${text}\n`);
  return [...lines, '\n', classTable(report), ...groupLines(report), ...damageLines(report)].join(
    '',
  );
}

function describePart({ split, images, shape, bytes, mean, std, damaged }: PartReport): string[][] {
  const size = `${shape.channels} × ${shape.height} × ${shape.width}`;
  const state = damaged.length === 0 ? 'none damaged' : `${damaged.length} DAMAGED`;
  return [
    [split, `${images} images of ${size}, ${formatSize(bytes)}, ${state}`],
    ['', `mean ${decimals(mean)}  std ${decimals(std)}`],
  ];
}

function describeDuplicates({ duplicates, parts }: InspectionReport): string {
  const { withinParts, acrossParts, withDifferentLabels } = duplicates;
  if (withinParts + acrossParts === 0) return 'none';
  const names = parts.map(({ split }) => split).join(' and ');
  const found = [
    `${withinParts} within a part`,
    `${acrossParts} shared by ${names}`,
    `${withDifferentLabels} pictures in more than one class`,
  ];
  return found.join(', ');
}

function classTable({ classNames, parts }: InspectionReport): string {
  const shown = classesToShow(parts, classNames.length);
  const rows = [
    ['', 'class', ...parts.map(({ split }) => split)],
    ...shown.map((label) => [
      String(label),
      classNames[label]!,
      ...parts.map(({ counts }) => String(counts[label])),
    ]),
  ];
  const alignments = rows[0]!.map((_, column) => (column === 1 ? 'start' : 'end'));
  const left = classNames.length - shown.length;
  const rest = left === 0 ? '' : `and ${left} classes of sizes between these\n`;
  return `${alignColumns(rows, alignments)}${rest}`;
}

/** All classes, or the smallest and the largest of the first part. */
function classesToShow(parts: readonly PartReport[], classes: number): number[] {
  const labels = Array.from({ length: classes }, (_, label) => label);
  if (classes <= MOST_CLASSES) return labels;
  const size = (label: number): number => parts[0]?.counts[label] ?? 0;
  const sorted = labels.sort((one, other) => size(one) - size(other) || one - other);
  return [...sorted.slice(0, MOST_CLASSES / 2), ...sorted.slice(-MOST_CLASSES / 2)];
}

function groupLines({ duplicates }: InspectionReport): string[] {
  if (duplicates.groups.length === 0) return [];
  return ['\nDuplicates, the gravest first\n', ...duplicates.groups.map(describeGroup)];
}

function describeGroup({ images, labelsDiffer }: DuplicateGroup): string {
  const places = images.map(({ split, index, label }) => `${split} ${index} (class ${label})`);
  return `  ${places.join(' = ')}${labelsDiffer ? '  in different classes' : ''}\n`;
}

function damageLines({ parts }: InspectionReport): string[] {
  const damaged = parts.flatMap((part) => part.damaged);
  if (damaged.length === 0) return [];
  const lines = damaged.slice(0, MOST_DAMAGED).map(({ place, reason }) =>
    // Readers name the file in their errors already.
    reason.includes(place) ? `  ${reason}\n` : `  ${place}: ${reason}\n`,
  );
  const left = damaged.length - lines.length;
  return ['\nDamaged\n', ...lines, ...(left > 0 ? [`  and ${left} more; --json has all\n`] : [])];
}

function decimals(values: readonly number[]): string {
  return values.map((value) => value.toFixed(4)).join(' ');
}

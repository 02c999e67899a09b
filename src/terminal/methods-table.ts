import { formatDuration } from '../core/progress.js';
import { formatSize } from '../core/size.js';
import type { Accuracy } from '../evaluate/index.js';
import type { MethodComparison, MethodFigures } from '../pipeline/index.js';
import { accuracyCells, type Column, columnsTable, intervalCell, markdownTable } from './table.js';

interface Row {
  readonly name: string;
  readonly accuracy: Accuracy;
  /** Absent for what no method has made. */
  readonly costs?: MethodFigures;
}

/** The methods that are done, the most accurate first, then the controls; below the table what has failed. */
export function methodsTable(comparison: MethodComparison): string {
  return `${columnsTable(columns(comparison))}${failures(comparison).join('')}`;
}

/** The same as a Markdown document, which says how it was measured. */
export function methodsDocument(comparison: MethodComparison): string {
  const { dataset, imagesPerClass, evaluatedOn, repeats, seed, protocol, versions } = comparison;
  const { cpu, threads, device, secondsEach } = comparison;
  const over = repeats === 1 ? 'one distillation each' : `${repeats} distillations each`;
  const images = `${imagesPerClass} ${imagesPerClass === 1 ? 'image' : 'images'} per class`;
  const failed = failures(comparison).map((line) => `- ${line}`);
  return `# ${dataset}, ${images}

${markdownTable(columns(comparison))}
${failed.length > 0 ? `${failed.join('')}\n` : ''}Accuracy on ${evaluatedOn} images of ${protocol.seeds} networks trained on each set, ${over}, seed ${seed}; evaluation protocol
${protocol.hash}.${secondsEach === undefined ? '' : ` Each method has as many iterations as were to take ${formatDuration(secondsEach)} of pretraining and distilling.`} Pretraining counts a pool's training in full, also where the pool was reused. ncfm ${versions.ncfm}, LibTorch
${versions.libtorch}, ${device}, ${threads} ${threads === 1 ? 'thread' : 'threads'}, ${cpu}.
`;
}

function columns({ rows, random, wholeData }: MethodComparison): Column[] {
  const all: Row[] = rows
    .flatMap((row) =>
      'error' in row ? [] : [{ name: row.method, accuracy: row.accuracy, costs: row }],
    )
    .sort((a, b) => b.accuracy.mean - a.accuracy.mean);
  if (random) all.push({ name: 'random real images', accuracy: random });
  if (wholeData) {
    all.push({ name: `all data, ${wholeData.epochs} epochs`, accuracy: wholeData });
  }
  const cost = (cell: (costs: MethodFigures) => string): string[] =>
    all.map(({ costs }) => (costs ? cell(costs) : ''));
  const accuracies = all.map(({ accuracy }) => accuracy);
  return [
    { title: 'method', cells: all.map(({ name }) => name) },
    { title: 'accuracy (%)', cells: accuracyCells(accuracies) },
    { title: '95 % interval', cells: accuracies.map(intervalCell), optional: true },
    { title: 'pretrain', cells: cost(pretrainCell), alignment: 'end' },
    {
      title: 'distil',
      cells: cost(({ seconds }) => formatDuration(seconds.distill)),
      alignment: 'end',
    },
    {
      title: 's/iteration',
      cells: cost(({ seconds }) => seconds.perIteration?.toPrecision(2) ?? '–'),
      alignment: 'end',
    },
    {
      title: 'memory',
      cells: cost(({ peakMemory }) =>
        peakMemory.distill === undefined ? '' : formatSize(peakMemory.distill),
      ),
      alignment: 'end',
      optional: true,
    },
    {
      title: 'size',
      cells: cost(({ productBytes }) => formatSize(productBytes)),
      alignment: 'end',
    },
  ];
}

function pretrainCell({ pool, seconds }: MethodFigures): string {
  if (pool === null) return '–';
  return seconds.pretrain === null ? 'not known' : formatDuration(seconds.pretrain);
}

function failures({ rows }: MethodComparison): string[] {
  return rows.flatMap((row) => ('error' in row ? [`${row.method} failed: ${row.error}\n`] : []));
}

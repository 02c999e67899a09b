import type { RankingResult } from '../../../evaluate/index.js';
import type { ModelOptions } from '../../../models/index.js';
import type { CrossArchitecture } from '../../../pipeline/index.js';
import { setRow, wholeDataRow } from '../../../terminal/results-table.js';
import { accuracyCells, accuracyTable, alignColumns } from '../../../terminal/table.js';

/** What each architecture learns from random real images and from the set. */
export function architectureTable(
  { architectures }: CrossArchitecture,
  labelOf: (model: ModelOptions) => string,
): string {
  const random = accuracyCells(architectures.map(({ random }) => random));
  const set = accuracyCells(architectures.map(({ set }) => set));
  const rows = architectures.map(({ model, learningRate, set: { n } }, index) => [
    learningRate === undefined ? labelOf(model) : `${labelOf(model)}, rate ${learningRate}`,
    random[index]!,
    set[index]!,
    String(n),
  ]);
  return alignColumns(
    [['network', 'random (%)', 'set (%)', 'n'], ...rows],
    ['start', 'start', 'start', 'end'],
  );
}

/** The scores, and below them the accuracies that they come from. */
export function rankingTable({ labelRobust, augmentationRobust, accuracy }: RankingResult): string {
  const { wholeData, set, random, setHardLabels, setPlain, randomPlain } = accuracy;
  const scores = alignColumns(
    [
      ['label-robust score (LRS)', labelRobust.toFixed(2)],
      ['augmentation-robust score (ARS)', augmentationRobust.toFixed(2)],
    ],
    ['start', 'end'],
  );
  const table = accuracyTable([
    wholeDataRow(wholeData),
    setRow('set', set),
    setRow('set, hard labels', setHardLabels),
    setRow('set, no augmentation', setPlain),
    setRow('random', random),
    setRow('random, no augmentation', randomPlain),
  ]);
  return `${scores}\n${table}`;
}

import { join } from 'node:path';
import type { SeedResult, SetFigures } from '../../evaluate/results.js';
import type { Accuracy } from '../../evaluate/statistics.js';
import type {
  CrossArchitecture,
  MethodComparison,
  PipelineResult,
  RepeatedResult,
} from '../../pipeline/index.js';
import type { AccuracyView, ArchitectureView, MethodRowView, SetView } from '../view.js';
import { readJson } from './json-file.js';

/** What the files of results in a run's folder hold; what is not there, or damaged, is left out. */
export interface ResultFiles {
  readonly results?: PipelineResult | undefined;
  readonly repeats?: RepeatedResult | undefined;
  /** Of each set the networks, with accuracies per class and confusion. */
  readonly details?: { readonly [set: string]: readonly SeedResult[] } | undefined;
  readonly architectures?: CrossArchitecture | undefined;
  readonly comparison?: MethodComparison | undefined;
}

/** The accuracies alone, without what they are made of. */
export async function readAccuracies(
  folder: string,
): Promise<Pick<ResultFiles, 'results' | 'repeats'>> {
  const [results, repeats] = await Promise.all([
    readJson<PipelineResult>(join(folder, 'results.json')),
    readJson<RepeatedResult>(join(folder, 'repeats.json')),
  ]);
  return { results, repeats };
}

export async function readResults(folder: string): Promise<ResultFiles> {
  const [accuracies, details, architectures, comparison] = await Promise.all([
    readAccuracies(folder),
    readJson<{ sets: Record<string, SeedResult[]> }>(join(folder, 'evaluation.json')),
    readJson<CrossArchitecture>(join(folder, 'cross-architecture.json')),
    readJson<MethodComparison>(join(folder, 'comparison.json')),
  ]);
  return { ...accuracies, details: details?.sets, architectures, comparison };
}

/** The sets of a run's evaluation; of one with several distillations over these. */
export function setsOf({ results, repeats, details }: ResultFiles): SetView[] {
  const accuracy = Object.entries<SetFigures | RepeatedResult['accuracy']['random']>(
    repeats?.accuracy ?? results?.accuracy ?? {},
  );
  const sets = accuracy.map(([name, figures]): SetView => {
    const single = results?.accuracy[name as 'random'];
    const isRepeated = 'distillations' in figures;
    return {
      name,
      ...accuracyOf(figures),
      trainings: isRepeated ? figures.distillations : figures.trainings,
      over: overOf(figures.varies),
      ...(single?.topFive && { topFive: accuracyOf(single.topFive) }),
      ...(single && { calibrationError: accuracyOf(single.calibrationError) }),
      ...detailsOf(details?.[name]),
    };
  });
  const { wholeData } = results ?? {};
  if (wholeData === undefined) return sets;
  const over = 'trainings';
  const name = `all data, ${wholeData.epochs} epochs`;
  return [...sets, { name, ...accuracyOf(wholeData), trainings: [], over }];
}

function overOf(varies: SetFigures['varies']): string {
  if (varies.includes('distillation')) return 'distillations and trainings';
  return varies.includes('images') ? 'images and trainings' : 'trainings of this set';
}

/** Of all networks together: confusion summed, accuracies per class on average. */
function detailsOf(seeds: readonly SeedResult[] = []): Pick<SetView, 'perClass' | 'confusion'> {
  const [first] = seeds;
  if (first?.metrics.confusion === undefined) return {};
  const confusion = first.metrics.confusion.map((row, from) =>
    row.map((_, to) => seeds.reduce((sum, { metrics }) => sum + metrics.confusion[from]![to]!, 0)),
  );
  const perClass = confusion.map((row, index) => {
    const all = row.reduce((sum, count) => sum + count, 0);
    return all === 0 ? null : (100 * row[index]!) / all;
  });
  return { confusion, perClass };
}

export function accuracyOf({ mean, std, n, interval95 }: Accuracy): AccuracyView {
  return { mean, std, n, ...(interval95 && { interval95 }) };
}

export function architecturesOf({ architectures }: ResultFiles): ArchitectureView[] {
  return (architectures?.architectures ?? []).map(({ model, random, set, advice }) => ({
    name: nameOf(model),
    random: accuracyOf(random),
    set: accuracyOf(set),
    ...(advice !== undefined && { advice }),
  }));
}

function nameOf(model: { readonly name: string; readonly depth?: unknown }): string {
  return typeof model.depth === 'number' ? `${model.name}${model.depth}` : model.name;
}

export function methodRowsOf({ comparison }: ResultFiles): MethodRowView[] {
  return (comparison?.rows ?? []).map((row): MethodRowView => {
    const { title } = row;
    if ('error' in row) return { title, error: row.error };
    const { accuracy, iterations, seconds, peakMemory, productBytes } = row;
    return {
      title,
      accuracy: accuracyOf(accuracy),
      iterations,
      pretrain: seconds.pretrain,
      distill: seconds.distill,
      peak: Math.max(0, ...Object.values(peakMemory)),
      bytes: productBytes,
    };
  });
}

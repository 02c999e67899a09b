import { studentQuantile975, summarize } from './statistics.js';

/**
 * What a configuration has come to, to hold another run of it against: test accuracies in percent, the last step's, of several
 * distillations by seeds of their own, each the mean over the preset's training seeds.
 */
export interface RecordedFigures {
  /** The distillations' seeds. */
  readonly seeds: readonly number[];
  readonly accuracy: Readonly<Record<RecordedSet, readonly number[]>>;
  /** Of one run, wall clock, its networks pretrained and the data at hand. */
  readonly seconds: number;
  /** On which the seconds were measured. */
  readonly machine: string;
}

/** What is trained on: random real images, the unoptimised start, the distilled set. */
export const recordedSets = ['random', 'start', 'distilled'] as const;
export type RecordedSet = (typeof recordedSets)[number];

/** Where a figure lies beside those that were recorded of the same work. */
export interface Reproduction {
  readonly mean: number;
  /** Sample standard deviation of the recorded values. */
  readonly std: number;
  readonly n: number;
  /** Where one more value lies in 95 of 100 cases. */
  readonly expected: readonly [low: number, high: number];
  readonly found: number;
  readonly verdict: 'within' | 'above' | 'below';
}

/**
 * Holds a value against those of the same work, by the 95 % prediction interval of one more value from a normal
 * distribution of which `recorded` is a sample: mean ± t·s·√(1 + 1/n) with n − 1 degrees of freedom (Hahn and Meeker,
 * *Statistical Intervals*, §4.7). Throws RangeError for fewer than two recorded values, which have no deviation.
 */
export function reproduce(recorded: readonly number[], found: number): Reproduction {
  const { mean, std, n } = summarize(recorded);
  if (std === null) throw new RangeError('a single recorded value has no deviation');
  const half = studentQuantile975(n - 1) * std * Math.sqrt(1 + 1 / n);
  const expected = [mean - half, mean + half] as const;
  const verdict = found < expected[0] ? 'below' : found > expected[1] ? 'above' : 'within';
  return { mean, std, n, expected, found, verdict };
}

/** A run held against what is recorded of it. */
export interface RunReproduction {
  readonly accuracy: Readonly<Record<RecordedSet, Reproduction>>;
  readonly seconds: { readonly recorded: number; readonly found: number };
  /** Where the recorded seconds were measured. */
  readonly machine: string;
}

/**
 * @param found of each set the mean over the training seeds
 * @param seconds that the run took
 */
export function reproduceRun(
  { accuracy, seconds: recorded, machine }: RecordedFigures,
  found: Readonly<Record<RecordedSet, { readonly mean: number }>>,
  seconds: number,
): RunReproduction {
  const of = (set: RecordedSet): Reproduction => reproduce(accuracy[set], found[set].mean);
  return {
    accuracy: { random: of('random'), start: of('start'), distilled: of('distilled') },
    seconds: { recorded, found: seconds },
    machine,
  };
}

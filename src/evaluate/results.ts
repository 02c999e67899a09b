import type { TestMetrics } from '../train/metrics.js';
import { type Accuracy, type Summary, summarize } from './statistics.js';

/** What one network, trained from scratch on a set, came to. */
export interface SeedResult {
  /** After the last step. */
  readonly metrics: TestMetrics;
  readonly curve: readonly CurvePoint[];
}

/**
 * What differs between the values that a figure is over: with `training` alone it is a figure of one set, whose interval
 * says nothing of what another distillation would give.
 */
export type Varied = 'images' | 'distillation' | 'training';

/** What a set of images is worth to networks trained on it: figures over the training seeds, accuracies in percent. */
export interface SetResult extends Accuracy {
  readonly varies: readonly Varied[];
  /** The share of test images whose class is among the five most probable; absent with five classes or fewer. */
  readonly topFive?: Summary;
  /** Expected calibration error, in percentage points. */
  readonly calibrationError: Summary;
  /** Mean cross-entropy on the test images, in nats. */
  readonly testLoss: Summary;
  /** Test accuracy at the step that classified most real training images correctly; these were distilled from. */
  readonly trainingSelected?: Accuracy;
  /** At the step of the highest test accuracy, as papers often have it: chosen on test data, so never to be relied on. */
  readonly bestOnTest?: Accuracy;
  readonly seeds: readonly SeedResult[];
}

/** The figures of a set's seeds. Throws RangeError when there is none. */
export function summarizeSeeds(
  seeds: readonly SeedResult[],
  varies: readonly Varied[] = ['training'],
): SetResult {
  const over = (figure: (metrics: TestMetrics) => number): Accuracy =>
    summarize(seeds.map(({ metrics }) => figure(metrics)));
  const [first] = seeds;
  const curved = first !== undefined && first.curve.length > 1;
  const sampled = curved && first.curve[0]!.training !== undefined;
  const chosen = (by: (point: CurvePoint) => number): Accuracy =>
    summarize(seeds.map(({ curve }) => best(curve, by).test));
  return {
    ...over(({ accuracy }) => accuracy),
    varies,
    ...(first?.metrics.topFive !== undefined && { topFive: over(({ topFive }) => topFive!) }),
    calibrationError: over(({ calibrationError }) => calibrationError),
    testLoss: over(({ loss }) => loss),
    ...(sampled && { trainingSelected: chosen(({ training }) => training!) }),
    ...(curved && { bestOnTest: chosen(({ test }) => test) }),
    seeds,
  };
}

/** The first of the points that `by` gives its highest value. */
function best(curve: readonly CurvePoint[], by: (point: CurvePoint) => number): CurvePoint {
  return curve.reduce((highest, point) => (by(point) > by(highest) ? point : highest));
}

/** The figures over a set's seeds, with no more of the single networks than their accuracies. */
export interface SetFigures extends Omit<SetResult, 'seeds'> {
  /** The accuracy of each network, in the order of the seeds. */
  readonly trainings: readonly number[];
}

/** Leaves out what else is known of the single networks. */
export function setFigures({ seeds, ...figures }: SetResult): SetFigures {
  return { ...figures, trainings: seeds.map(({ metrics }) => metrics.accuracy) };
}

export interface CurvePoint {
  readonly step: number;
  /** The share of test images that it classifies correctly, in percent. */
  readonly test: number;
  /** The same of real training images, which the set may have been distilled from. */
  readonly training?: number;
}

/** The upper bound: what networks of the student's architecture learn from all real training images. */
export interface WholeData extends Accuracy {
  /** Passes over the training images. */
  readonly epochs: number;
}

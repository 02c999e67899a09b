import { type Accuracy, summarize } from '../../evaluate/statistics.js';
import type { MemoryKind } from '../../plan/continual-options.js';
import { labelOfSet } from '../../plan/set-label.js';
import type { TestMetrics } from '../../train/metrics.js';

/** What was learnt after one step, in percent of the test images. */
export interface StepFigures {
  /** On the images of all classes seen. */
  readonly accuracy: number;
  /** On the images of each step's classes so far, told apart from all classes seen. */
  readonly tasks: readonly number[];
}

/** Figures of the networks of one step, each with as many classes as are seen: the mean over the networks. */
export function stepFigures(networks: readonly TestMetrics[], classesPerStep: number): StepFigures {
  const over = (figure: (metrics: TestMetrics) => number): number =>
    summarize(networks.map(figure)).mean;
  const tasks = networks[0]!.confusion.length / classesPerStep;
  return {
    accuracy: over(({ accuracy }) => accuracy),
    tasks: Array.from({ length: tasks }, (_, task) =>
      over(({ confusion }) => taskAccuracy(confusion, task * classesPerStep, classesPerStep)),
    ),
  };
}

/** Percent of the images of `count` classes from `first` on that were classified correctly. */
function taskAccuracy(confusion: TestMetrics['confusion'], first: number, count: number): number {
  let correct = 0;
  let images = 0;
  for (let label = first; label < first + count; label++) {
    correct += confusion[label]![label]!;
    images += confusion[label]!.reduce((sum, value) => sum + value, 0);
  }
  return (100 * correct) / images;
}

/** The mean of the accuracies after each step (Rebuffi et al., 2017), percent. */
export function averageIncremental(steps: readonly StepFigures[]): number {
  return summarize(steps.map(({ accuracy }) => accuracy)).mean;
}

/**
 * How much is forgotten (Chaudhry et al., ECCV 2018), percentage points: for each step's classes but the last one's, the
 * best accuracy on them after any earlier step minus that after the last step; the mean. Undefined for a single step.
 */
export function averageForgetting(steps: readonly StepFigures[]): number | undefined {
  const last = steps.at(-1)!;
  const earlier = steps.slice(0, -1);
  if (earlier.length === 0) return undefined;
  const lost = earlier.map((_, task) => {
    const best = Math.max(...earlier.slice(task).map(({ tasks }) => tasks[task]!));
    return best - last.tasks[task]!;
  });
  return summarize(lost).mean;
}

/** What tells a curve from the others. */
export interface CurveName {
  /** What was trained on; `joint`: all real images of the classes seen. */
  readonly memory: MemoryKind | 'joint';
  /** How its networks were trained. */
  readonly training: 'from-scratch' | 'fine-tuned';
}

/** A memory over the steps; accuracies in percent, over the repetitions. */
export interface Curve extends CurveName {
  /** After each step, on all classes seen. */
  readonly accuracy: readonly Accuracy[];
  readonly averageIncremental: Accuracy;
  /** Percentage points; absent with a single step. */
  readonly forgetting?: Accuracy;
  /** Of each repetition, step by step. */
  readonly repetitions: readonly (readonly StepFigures[])[];
}

/** Summarises one curve's repetitions, of equally many steps each. */
export function curveOf(name: CurveName, repetitions: readonly (readonly StepFigures[])[]): Curve {
  const lost = repetitions.map(averageForgetting).filter((value) => value !== undefined);
  return {
    ...name,
    accuracy: repetitions[0]!.map((_, step) =>
      summarize(repetitions.map((steps) => steps[step]!.accuracy)),
    ),
    averageIncremental: summarize(repetitions.map(averageIncremental)),
    ...(lost.length > 0 && { forgetting: summarize(lost) }),
    repetitions,
  };
}

/** A curve's name: as tables and pictures have it with the method that distilled. */
export function curveTitle({ memory, training }: CurveName, method = 'distilled'): string {
  const label = labelOfSet(memory, method);
  return training === 'fine-tuned' ? `${label}, fine-tuned` : label;
}

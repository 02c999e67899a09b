import { UsageError } from '../../core/index.js';
import type { Dataset } from '../../data/index.js';
import type { ContinualOptions } from '../../plan/plan.js';
import type { RandomGenerator } from '../../tensor/index.js';

/** One step: which classes come, by their numbers in the whole dataset. */
export interface Step {
  /** From 1. */
  readonly number: number;
  /** Those that come with this step. */
  readonly classes: readonly number[];
  /** Those of this step and all before, in the order they came. */
  readonly seen: readonly number[];
}

/** Divides the classes, in the order in which they come, into equal steps. */
export function divideClasses(order: readonly number[], steps: number): Step[] {
  const size = order.length / steps;
  return Array.from({ length: steps }, (_, step) => ({
    number: step + 1,
    classes: order.slice(step * size, (step + 1) * size),
    seen: order.slice(0, (step + 1) * size),
  }));
}

export function drawClassOrder(
  classOrder: ContinualOptions['classOrder'],
  classes: number,
  random: RandomGenerator,
): number[] {
  return classOrder === 'random' ? Array.from(random.permutation(classes)) : [...classOrder];
}

/** Throws UsageError unless the classes of a dataset can come in these steps and this order. */
export function requireSteps(
  { steps, classOrder }: Pick<ContinualOptions, 'steps' | 'classOrder'>,
  { name, classNames }: Dataset,
): void {
  const classes = classNames.length;
  if (classes % steps !== 0) {
    const divisors = Array.from({ length: classes }, (_, index) => index + 1).filter(
      (divisor) => classes % divisor === 0,
    );
    throw new UsageError(
      `continual.steps: ${steps} steps do not divide the ${classes} classes of dataset.name ${name}; use ${divisors.join(', ').replace(/, (\d+)$/, ' or $1')}`,
    );
  }
  if (classOrder === 'random') return;
  const sorted = classOrder.toSorted((a, b) => a - b);
  if (sorted.length === classes && sorted.every((label, index) => label === index)) return;
  throw new UsageError(
    `continual.classOrder: expected random, or each of the numbers 0 to ${classes - 1} once, for the ${classes} classes of dataset.name ${name}; found ${classOrder.join(', ')}`,
  );
}

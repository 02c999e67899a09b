import { describe, expect, it } from 'vitest';
import type { TestMetrics } from '../../train/metrics.js';
import {
  averageForgetting,
  averageIncremental,
  curveOf,
  type StepFigures,
  stepFigures,
} from './figures.js';

/** Figures as a confusion matrix gives them; what is not used here is left at 0. */
function metricsOf(confusion: readonly (readonly number[])[]): TestMetrics {
  const images = confusion.flat().reduce((sum, count) => sum + count, 0);
  const correct = confusion.reduce((sum, row, label) => sum + row[label]!, 0);
  return {
    accuracy: (100 * correct) / images,
    loss: 0,
    calibrationError: 0,
    perClass: [],
    confusion,
  };
}

/** Three steps; the first task goes 90, 60, 70, the second 80, 50. */
const course: readonly StepFigures[] = [
  { accuracy: 90, tasks: [90] },
  { accuracy: 70, tasks: [60, 80] },
  { accuracy: 66, tasks: [70, 50, 78] },
];

describe('the figures of a step', () => {
  it("count each step's images among all classes seen", () => {
    const confusion = [
      [8, 0, 2, 0],
      [0, 30, 0, 0],
      [0, 0, 5, 5],
      [10, 0, 0, 0],
    ];
    // 38 of the first step's 40 images, 5 of the second's 20.
    expect(stepFigures([metricsOf(confusion)], 2)).toEqual({
      accuracy: (100 * 43) / 60,
      tasks: [95, 25],
    });
  });

  it('are the means over several networks', () => {
    const networks = [
      [
        [4, 0],
        [0, 4],
      ],
      [
        [2, 2],
        [4, 0],
      ],
    ].map(metricsOf);
    expect(stepFigures(networks, 1)).toEqual({ accuracy: 62.5, tasks: [75, 50] });
  });
});

describe('over the steps', () => {
  it('the average is of the accuracies after each', () => {
    expect(averageIncremental(course)).toBeCloseTo((90 + 70 + 66) / 3, 10);
  });

  it('forgetting is what is lost of the best earlier accuracy, on average', () => {
    // 90 − 70 of the first task, 80 − 50 of the second; the last has no earlier accuracy.
    expect(averageForgetting(course)).toBeCloseTo(25, 10);
    expect(averageForgetting(course.slice(0, 1))).toBeUndefined();
  });

  it('forgetting is negative where later steps have helped', () => {
    expect(
      averageForgetting([
        { accuracy: 50, tasks: [50] },
        { accuracy: 80, tasks: [60, 100] },
      ]),
    ).toBe(-10);
  });

  it('a curve has mean and deviation over the repetitions', () => {
    const name = { memory: 'distilled', training: 'from-scratch' } as const;
    const lower = course.map(({ accuracy, tasks }) => ({ accuracy: accuracy - 2, tasks }));
    const curve = curveOf(name, [course, lower]);
    expect(curve).toMatchObject({ ...name, repetitions: [course, lower] });
    expect(curve.accuracy.map(({ mean }) => mean)).toEqual([89, 69, 65]);
    for (const { std, n } of curve.accuracy) {
      expect(std).toBeCloseTo(Math.SQRT2, 10);
      expect(n).toBe(2);
    }
    expect(curve.forgetting).toMatchObject({ mean: 25, std: 0, n: 2 });
    expect(curveOf(name, [course.slice(0, 1)])).not.toHaveProperty('forgetting');
  });
});

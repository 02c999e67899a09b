import { beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../core/index.js';
import type { Dataset } from '../../data/index.js';
import { loadDigits } from '../../data/reading.js';
import { RandomGenerator } from '../../tensor/testing/on-device.js';
import { divideClasses, drawClassOrder, requireSteps } from './class-order.js';

describe('the steps', () => {
  it('divide the classes in the order in which they come', () => {
    expect(divideClasses([3, 1, 0, 2, 5, 4], 3)).toEqual([
      { number: 1, classes: [3, 1], seen: [3, 1] },
      { number: 2, classes: [0, 2], seen: [3, 1, 0, 2] },
      { number: 3, classes: [5, 4], seen: [3, 1, 0, 2, 5, 4] },
    ]);
  });

  it('come in an order that a generator draws, or in the one given', () => {
    const draw = (seed: number) => drawClassOrder('random', 10, new RandomGenerator(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(1).toSorted()).toEqual([...Array(10).keys()]);
    expect(drawClassOrder([2, 0, 1], 3, new RandomGenerator(1))).toEqual([2, 0, 1]);
  });
});

describe('steps that do not fit the data', () => {
  let digits: Dataset;
  beforeAll(async () => {
    digits = (await loadDigits()).train;
  });

  it.each([1, 2, 5, 10])('%i fit ten classes', (steps) => {
    expect(() => requireSteps({ steps, classOrder: 'random' }, digits)).not.toThrow();
  });

  it.each([3, 4, 20])('%i do not, and both settings are named', (steps) => {
    expect(() => requireSteps({ steps, classOrder: 'random' }, digits)).toThrow(
      new UsageError(
        `continual.steps: ${steps} steps do not divide the 10 classes of dataset.name digits; use 1, 2, 5 or 10`,
      ),
    );
  });

  it.each([[[0, 1, 2]], [[0, 1, 2, 3, 4, 5, 6, 7, 8, 8]], [[0, 1, 2, 3, 4, 5, 6, 7, 8, 10]]])(
    'nor does the order %j',
    (classOrder) => {
      expect(() => requireSteps({ steps: 5, classOrder }, digits)).toThrow(
        'continual.classOrder: expected random, or each of the numbers 0 to 9 once',
      );
    },
  );
});

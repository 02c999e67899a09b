import { describe, expect, it } from 'vitest';
import { StepSize } from './step-size.js';

const options = { initial: 0.01, learningRate: 1e-3, momentum: 0.5 };

describe('a learned step size', () => {
  it('takes the steps of plain descent with momentum as long as they are small', () => {
    const stepSize = new StepSize(options);
    let [plain, velocity] = [options.initial, 0];
    for (const gradient of [0.02, -0.01, 0.03, 0.01]) {
      stepSize.descend(gradient);
      velocity = options.momentum * velocity + gradient;
      plain -= options.learningRate * velocity;
    }
    const moved = Math.abs(plain - options.initial);
    expect(Math.abs(stepSize.value - plain)).toBeLessThan(0.01 * moved);
  });

  it('is halved at most, whatever the gradient, and climbs as plain descent does', () => {
    const stepSize = new StepSize({ ...options, momentum: 0 });
    for (const gradient of [1e9, 1e9]) stepSize.descend(gradient);
    expect(stepSize.value).toBeCloseTo(0.0025, 9);
    stepSize.descend(-10);
    expect(stepSize.value).toBeCloseTo(0.0125, 9);
  });
});

import { describe, expect, it } from 'vitest';
import { augmentationRobustScore, labelRobustScore } from './ranking.js';

describe('the scores of DD-Ranking', () => {
  it('are those worked out by hand', () => {
    // α = 0.5 · (0.60 − 0.50) − 0.5 · (0.90 − 0.55) = −0.125
    const labels = { realHard: 0.9, syntheticHard: 0.55, syntheticAny: 0.6, randomAny: 0.5 };
    expect(labelRobustScore(labels)).toBeCloseTo((0.8824969 - 0.3678794) / 2.3504024, 6);
    // α = 0.8 · 0.10 − 0.2 · 0.35 = 0.01
    expect(labelRobustScore(labels, 0.8)).toBeCloseTo((1.0100502 - 0.3678794) / 2.3504024, 6);
    // β = 0.5 · 0.20 + 0.5 · 0.10 = 0.15
    const augmentation = {
      syntheticAugmented: 0.7,
      randomAugmented: 0.5,
      syntheticPlain: 0.5,
      randomPlain: 0.4,
    };
    expect(augmentationRobustScore(augmentation)).toBeCloseTo(
      (1.1618342 - 0.3678794) / 2.3504024,
      6,
    );
  });

  it('run from 0 for the worst set to 1 for the best', () => {
    const worst = { realHard: 1, syntheticHard: 0, syntheticAny: 0, randomAny: 1 };
    expect(labelRobustScore(worst)).toBeCloseTo(0, 12);
    const best = { syntheticAugmented: 1, randomAugmented: 0, syntheticPlain: 1, randomPlain: 0 };
    expect(augmentationRobustScore(best)).toBeCloseTo(1, 12);
  });

  it('refuse percentages in place of fractions', () => {
    const percent = { realHard: 90, syntheticHard: 55, syntheticAny: 60, randomAny: 50 };
    expect(() => labelRobustScore(percent)).toThrow(/realHard is a fraction from 0 to 1, got 90/);
  });
});

import { describe, expect, it } from 'vitest';
import type { DatasetPair } from '../data/index.js';
import { loadDigits } from '../data/reading.js';
import type { Plan } from '../plan/plan.js';
import { smallPlan } from '../plan/testing/plan.js';
import type { ProbedSeconds } from './probe.js';
import { stageSeconds } from './stage-seconds.js';

/** A number for each piece of work that no sum of others gives. */
const probed: ProbedSeconds = {
  pretrainStep: 1e1,
  extractorImage: 1e-3,
  studentImage: 1e-4,
  halving: 1e2,
  beginning: 1e7,
  drawingIteration: 1e3,
  iteration: 1,
  firstPicture: 1e9,
  picture: 1e5,
  evaluateStep: 1e2,
};

const data: DatasetPair = await loadDigits();
const [trained, tested] = [data.train.labels.length, data.test.labels.length];

function secondsOf(changes: Partial<Plan> = {}, missing = 2) {
  return stageSeconds({ ...smallPlan, ...changes }, data, probed, missing);
}

describe('the time of a stage', () => {
  it('is that of its pieces, times how often they happen', () => {
    // Two passes in batches of 64; 20 iterations with a picture at 0, 10 and 20 and one more of the last; three sets.
    const steps = Math.round((2 * trained) / 64);
    expect(secondsOf()).toEqual({
      pretrain: 2 * (steps * 1e1 + tested * 1e-3),
      clusters: trained * 1e-3 + 10 * 1 * 1e2,
      distill: 1e7 + 20 * 1e3 + 1e9 + 4 * 1e5,
      evaluate: 3 * 2 * (80 * 1e2 + tested * 1e-4),
    });
  });

  it('is nothing for networks that are there', () => {
    expect(secondsOf({}, 0).pretrain).toBe(0);
    expect(secondsOf({}, 3).pretrain).toBe(3 * secondsOf({}, 1).pretrain);
  });

  it('tells apart iterations that draw a target and those that go on with the last', () => {
    const distill = { ...smallPlan.distill, iterations: 1001, amortize: 20 };
    const { distill: seconds } = secondsOf({ distill, snapshotEvery: 1001 });
    expect(seconds).toBe(1e7 + 51 * 1e3 + 950 * 1 + 1e9 + 3 * 1e5);
  });
});

import { describe, expect, it } from 'vitest';
import type { Stage } from '../capacity/measure.js';
import type { Plan } from '../plan/plan.js';
import { smallPlan } from '../plan/testing/plan.js';
import { stageSeconds } from './stage-seconds.js';

const pictures = [
  { seconds: 100, bytes: 1 },
  { seconds: 10, bytes: 1 },
] as const;

function secondsOf(stage: Stage, changes: Partial<Plan> = {}): number {
  return stageSeconds(
    { ...smallPlan, ...changes },
    { stage, bytes: 1, seconds: 1e3, fixed: 0 },
    2,
    pictures,
  );
}

describe('the time of a stage', () => {
  it('is that of one network or distillation, times how many there are', () => {
    expect(secondsOf('pretrain')).toBe(2 * 1e3);
    // 20 iterations with a picture at 0, 10 and 20, and one more of the last.
    expect(secondsOf('distill')).toBe(1e3 + 100 + 4 * 10);
    // Three sets, two networks each.
    expect(secondsOf('evaluate')).toBe(6 * 1e3);
  });

  it('counts repeated distillations, of which the missing networks tell already', () => {
    expect(secondsOf('pretrain', { repeats: 3 })).toBe(2 * 1e3);
    expect(secondsOf('distill', { repeats: 3 })).toBe(3 * (1e3 + 100 + 4 * 10));
    expect(secondsOf('evaluate', { repeats: 3 })).toBe(18 * 1e3);
  });
});

import { describe, expect, it } from 'vitest';
import { expectNear, numbers } from '../tensor/testing/compare.js';
import { golden } from '../tensor/testing/golden.js';
import { tensor } from '../tensor/testing/on-device.js';
import { type ScheduleOptions, startSchedule } from './index.js';

const expected = golden('schedules');
const values = numbers(expected('plateau_values'));

const settings: [string, ScheduleOptions][] = [
  ['multi_step', { kind: 'multi-step', milestones: [2 / 3, 5 / 6], factor: 0.2 }],
  ['cosine', { kind: 'cosine', floor: 0.1 }],
  ['plateau', { kind: 'plateau', factor: 0.5, patience: 3 }],
];

/** The factors of the next steps, fed with the golden values from step `from` on. */
function follow(schedule: ReturnType<typeof startSchedule>, from: number, to: number): number[] {
  return values.slice(from, to).map((value) => {
    const factor = schedule.factor();
    schedule.advance(value);
    return factor;
  });
}

describe.each(settings)('the schedule %s', (name, options) => {
  it("gives PyTorch's rates", () => {
    const factors = follow(startSchedule(options, 60), 0, 60);
    expect(new Set(factors).size).toBeGreaterThan(2);
    expectNear(tensor(factors, [60], 'float64'), expected(name), 1e-12);
  });

  it('goes on identically from a stored state', () => {
    const straight = startSchedule(options, 60);
    follow(straight, 0, 27);
    const stored = JSON.parse(JSON.stringify(straight.getState()));
    const other = startSchedule(options, 60);
    other.setState(stored);
    expect(follow(other, 27, 60)).toEqual(follow(straight, 27, 60));
  });
});

describe('a schedule', () => {
  it('may be constant', () => {
    expect(new Set(follow(startSchedule({ kind: 'constant' }, 60), 0, 60))).toEqual(new Set([1]));
  });

  it('falls to zero along a cosine unless a floor is given', () => {
    const schedule = startSchedule({ kind: 'cosine' }, 4);
    const factors = follow(schedule, 0, 4);
    expect(factors[0]).toBe(1);
    expect(factors[2]).toBeCloseTo(0.5, 12);
    expect(schedule.factor()).toBeCloseTo(0, 12);
  });

  it('may end half-way along the cosine, at half the rate', () => {
    const schedule = startSchedule({ kind: 'cosine', span: 0.5 }, 60);
    const factors = follow(schedule, 0, 60);
    for (const [step, factor] of factors.entries()) {
      expect(factor).toBeCloseTo(0.5 * (1 + Math.cos((Math.PI * step) / 120)), 12);
    }
    expect(schedule.factor()).toBeCloseTo(0.5, 12);
  });

  it('asks for a new optimiser at its milestones, and only if told to', () => {
    const options = { kind: 'multi-step', milestones: [0.25, 0.5], factor: 0.1 } as const;
    const restarts = (restart: boolean): number[] => {
      const schedule = startSchedule({ ...options, restart }, 60);
      return values.flatMap((value, step) => {
        const due = schedule.restarts();
        schedule.advance(value);
        return due ? [step] : [];
      });
    };
    expect(restarts(true)).toEqual([15, 30]);
    expect(restarts(false)).toEqual([]);
  });

  it('reaches milestones at the step they name, whatever the rounding of fractions', () => {
    for (let steps = 2; steps <= 120; steps++) {
      for (let milestone = 1; milestone < steps; milestone++) {
        const options = {
          kind: 'multi-step',
          milestones: [milestone / steps],
          factor: 0.5,
        } as const;
        const schedule = startSchedule(options, steps);
        schedule.setState({ step: milestone - 1, scale: 1, best: null, waited: 0 });
        expect(schedule.factor()).toBe(1);
        schedule.advance(0);
        expect(schedule.factor()).toBe(0.5);
      }
    }
  });

  it.each([0, 1, -0.5, 40])('refuses the milestone %s', (milestone) => {
    const options = { kind: 'multi-step', milestones: [0.5, milestone], factor: 0.1 } as const;
    expect(() => startSchedule(options, 10)).toThrow(/fractions between 0 and 1/);
  });
});

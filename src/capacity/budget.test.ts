import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/index.js';
import type { Plan } from '../plan/plan.js';
import { smallPlan } from '../plan/testing/plan.js';
import type { RunEvent } from '../run/index.js';
import { memoryReport, planMemory, safetyMargin } from './budget.js';
import type { DataSizes } from './data-sizes.js';
import type { Workload } from './footprint.js';

const sizes: DataSizes = {
  shape: { channels: 1, height: 28, width: 28 },
  classes: 10,
  trainImages: 60_000,
  testImages: 10_000,
  largestClass: 6000,
  pixelBytes: 1,
};

/** The paper's network, and batches so small that chunks make the difference. */
const wide: Plan = {
  ...smallPlan,
  model: { name: 'convnet' },
  student: { name: 'convnet' },
  pretrain: { ...smallPlan.pretrain, batchSize: 8 },
  distill: {
    ...smallPlan.distill,
    imagesPerClass: 10,
    formation: { mode: 'single', factor: 2 },
    matching: { strategy: 'plain', realPerClass: 80 },
  },
  evaluate: { ...smallPlan.evaluate, batchSize: 8 },
};

function workload(plan: Plan, rest: Partial<Workload> = {}): Workload {
  return { plan, sizes, process: 1e8, ...rest };
}

describe('without a budget', () => {
  it('chunks are as large as is of use', () => {
    const { chunks, estimate } = planMemory(workload(wide));
    expect(chunks).toEqual({ real: 240, synthetic: 3, test: 256 });
    expect(estimate).toBeGreaterThan(1e8);
  });

  it('chunks that are asked for are what is used', () => {
    const asked = { ...wide, chunks: { real: 33, synthetic: 2, test: 'auto' } as const };
    expect(planMemory(workload(asked)).chunks).toEqual({ real: 33, synthetic: 2, test: 256 });
  });
});

describe('under a budget', () => {
  const free = () => planMemory(workload(wide));
  const under = (memory: number, plan = wide, rest: Partial<Workload> = {}) =>
    planMemory(workload({ ...plan, memory }, rest));

  it('that is large enough nothing changes', () => {
    const budget = Math.ceil(free().estimate / (1 - safetyMargin));
    expect(under(budget)).toEqual(free());
    expect(under(budget - 1e6).estimate).toBeLessThan(free().estimate);
  });

  it('chunks shrink until the estimate leaves the margin free, and only those that must', () => {
    const least = leastBudget(wide);
    const budgets = Array.from({ length: 12 }, (_, i) =>
      Math.ceil(least + (i * (1.2 * free().estimate - least)) / 11),
    );
    const plans = budgets.map((budget) => ({ budget, ...under(budget) }));
    for (const { budget, estimate } of plans) {
      expect(estimate).toBeLessThanOrEqual(budget * (1 - safetyMargin));
    }
    const classes = plans.map(({ chunks }) => chunks.synthetic);
    expect(classes).toEqual([...classes].sort((a, b) => a - b));
    expect(new Set(classes)).toEqual(new Set([1, 3]));
    // The first chunk to give way is the one of the most; the others stay as they were.
    const first = plans.findLast(({ chunks }) => chunks.synthetic < 3)!;
    expect(first.chunks).toMatchObject({ real: 240, test: 256 });
  });

  it('chunks that are asked for stay, and the others make room as far as they can', () => {
    const asked: Plan = { ...wide, chunks: { ...wide.chunks, synthetic: 10 } };
    expect(under(leastBudget(asked), asked).chunks.synthetic).toBe(10);
    expect(leastBudget(asked)).toBeGreaterThan(leastBudget(wide));
  });

  it('that nothing fits in says which stage needs how much, and that much is enough', () => {
    const refused = () => under(1e8);
    expect(refused).toThrow(UsageError);
    expect(refused).toThrow(
      /memory: 100 MB do not hold this run: \w+.* even in the smallest chunks/,
    );
    const least = leastBudget(wide);
    expect(under(least).chunks).toEqual({
      real: expect.any(Number),
      synthetic: 1,
      test: expect.any(Number),
    });
    expect(() => under(least - 2e6)).toThrow(UsageError);
  });

  it('only the stages that will run have to fit', () => {
    const batch: Plan = { ...wide, evaluate: { ...wide.evaluate, batchSize: 8192 } };
    expect(() => under(leastBudget(wide), batch)).toThrow(
      /evaluating takes about .* a training batch/,
    );
    const stages = ['pretrain', 'distill'] as const;
    expect(under(leastBudget(wide), batch, { stages }).stages).toHaveLength(2);
  });
});

describe('the report of a run', () => {
  it('says so when the process has held more than the budget', () => {
    const events: RunEvent[] = [];
    const planned = planMemory(workload(smallPlan));
    const report = (memory: Plan['memory']) =>
      memoryReport({ ...smallPlan, memory }, planned, (event) => events.push(event));
    expect(report('auto').peak).toBeGreaterThan(5e7);
    expect(report(1e12)).toMatchObject({ budget: 1e12, chunks: planned.chunks });
    expect(events).toEqual([]);
    report(1e6);
    expect(events).toEqual([
      { type: 'warning', message: expect.stringMatching(/more than the 1.00 MB it was to stay/) },
    ]);
  });
});

/** The budget that a refusal says would do, in bytes. */
function leastBudget(plan: Plan): number {
  try {
    planMemory(workload({ ...plan, memory: 1 }));
  } catch (error) {
    return 1e6 * Number(/--memory (\d+)MB/.exec((error as Error).message)?.[1]);
  }
  throw new Error('a budget of one byte was accepted');
}

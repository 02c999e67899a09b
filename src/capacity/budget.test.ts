import { beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../core/index.js';
import type { Plan } from '../plan/plan.js';
import { smallPlan } from '../plan/testing/plan.js';
import type { RunEvent } from '../run/index.js';
import { liveTensors } from '../tensor/index.js';
import { describeOnHost } from '../tensor/testing/on-device.js';
import {
  type Ladder,
  largestFitting,
  type MemoryRequest,
  memoryReport,
  planMemory,
  safetyMargin,
} from './budget.js';
import { chunkedPlan, colouredNoise } from './testing/coloured.js';

const distils = { stages: ['distill'] } as const;

const data = colouredNoise();

function planned(plan: Plan, rest: Partial<MemoryRequest> = {}) {
  return planMemory({ plan, data, pretrains: true, onEvent: () => {}, ...rest });
}

describe('without a budget', () => {
  it('chunks are as large as is of use, and nothing is measured', async () => {
    const events: RunEvent[] = [];
    const memory = await planned(chunkedPlan, { onEvent: (event) => events.push(event) });
    expect(memory).toEqual({ chunks: { real: 240, synthetic: 10, test: 256 } });
    expect(events).toEqual([]);
  });

  it('chunks that are asked for are what is used', async () => {
    const asked = { ...chunkedPlan, chunks: { real: 33, synthetic: 2, test: 'auto' } as const };
    expect((await planned(asked)).chunks).toEqual({ real: 33, synthetic: 2, test: 256 });
  });

  it('a plan is measured when that is asked for', async () => {
    const before = liveTensors();
    const { stages, estimate } = await planned(smallPlan, { measure: true });
    expect(stages?.map(({ stage }) => stage)).toEqual(['pretrain', 'distill', 'evaluate']);
    for (const { bytes, seconds } of stages ?? []) {
      expect(bytes).toBeGreaterThan(5e7);
      expect(bytes).toBeLessThanOrEqual(estimate!);
      expect(seconds).toBeGreaterThan(0);
    }
    expect(liveTensors()).toBe(before);
  });
});

describeOnHost('under a budget', () => {
  let least = 0;
  beforeAll(async () => {
    least = await leastBudget(chunkedPlan);
  });

  it('that is large enough nothing changes', async () => {
    const { chunks, estimate } = await planned({ ...chunkedPlan, memory: 64e9 }, distils);
    expect(chunks).toEqual((await planned(chunkedPlan)).chunks);
    expect(estimate).toBeLessThan(64e9);
  });

  it('chunks shrink until what is measured leaves the margin free', async () => {
    const { estimate: free } = await planned(chunkedPlan, { ...distils, measure: true });
    const enough = free! / (1 - safetyMargin);
    expect(enough).toBeGreaterThan(least);
    const memory = Math.round((least + enough) / 2);
    const { chunks, estimate } = await planned({ ...chunkedPlan, memory }, distils);
    const { real, synthetic } = chunks;
    expect(real * synthetic).toBeLessThan(240 * 10);
    expect(real).toBeGreaterThanOrEqual(8);
    expect(estimate).toBeLessThan(memory);
    // What is not part of the stage is left as it was: the least.
    const asked: Plan = { ...chunkedPlan, memory, chunks: { ...chunkedPlan.chunks, synthetic: 1 } };
    expect((await planned(asked, distils)).chunks.synthetic).toBe(1);
  });

  it('that nothing fits in says which stage needs how much, and that much is enough', async () => {
    const before = liveTensors();
    const refused = planned({ ...chunkedPlan, memory: 2e7 }, distils);
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(
      /memory: 20\.0 MB do not hold this run: distilling takes about .* however small the chunks/,
    );
    expect(liveTensors()).toBe(before);
    // A measurement differs by a little from the next.
    const memory = 1.05 * least;
    expect(
      (await planned({ ...chunkedPlan, memory }, distils)).chunks.synthetic,
    ).toBeLessThanOrEqual(10);
  });

  it('that the data alone have passed when they were loaded is refused before anything is measured', async () => {
    const events: RunEvent[] = [];
    const onEvent = (event: RunEvent) => events.push(event);
    const refused = planned({ ...chunkedPlan, memory: 64e9 }, { loading: 60e9, onEvent });
    await expect(refused).rejects.toThrow(
      /loading the data takes about 60\.0 GB.*--memory 66667MB/,
    );
    expect(events).toEqual([]);
    const { estimate } = await planned(smallPlan, { loading: 50e9, measure: true });
    expect(estimate).toBe(50e9);
  });

  it('only the stages that will run have to fit', async () => {
    const evaluate = { ...chunkedPlan.evaluate, batchSize: 4096 };
    const batch: Plan = {
      ...chunkedPlan,
      memory: 1.05 * least,
      evaluate,
    };
    await expect(planned(batch, { stages: ['evaluate'] })).rejects.toThrow(/evaluating takes/);
    expect((await planned(batch, distils)).stages).toHaveLength(1);
  });

  it('a GPU, whose memory is not measured, is refused', async () => {
    const there: Plan = { ...smallPlan, device: 'cuda:0', memory: 8e9 };
    await expect(planned(there)).rejects.toThrow(/^memory: the memory of cuda:0 is not measured/);
  });
});

describe('the largest size that fits', () => {
  /** What takes 100 bytes and 10 for each of a chunk; and which sizes were tried. */
  async function chosen(limit: number, changes: Partial<Ladder> = {}) {
    const tried: number[] = [];
    const bytesAt = (size: number) => {
      tried.push(size);
      return Promise.resolve(100 + 10 * size);
    };
    const sizes = [8, 16, 32, 64];
    const size = await largestFitting({ sizes, least: 180, base: 0, limit, bytesAt, ...changes });
    return { size, tried };
  }

  it('is found from the smallest up, without one that would pass the limit', async () => {
    expect(await chosen(500)).toEqual({ size: 32, tried: [16, 32] });
    expect(await chosen(419)).toEqual({ size: 16, tried: [16] });
    expect(await chosen(200)).toEqual({ size: 8, tried: [16] });
  });

  it('is the largest of all, untried, where even growth in proportion stays within', async () => {
    expect(await chosen(180 * 8)).toEqual({ size: 64, tried: [] });
    expect(await chosen(100 + 80 * 8, { base: 100 })).toEqual({ size: 64, tried: [] });
    expect(await chosen(100 + 80 * 8 - 1, { base: 100 })).toEqual({ size: 32, tried: [16, 32] });
  });

  it('is smaller than one for which there was no memory', async () => {
    const bytesAt = (size: number) =>
      size < 64 ? Promise.resolve(180) : Promise.reject(new Error('out of memory: no block of …'));
    expect((await chosen(1000, { bytesAt })).size).toBe(32);
    const broken = () => Promise.reject(new Error('broken'));
    await expect(chosen(1000, { bytesAt: broken })).rejects.toThrow('broken');
  });
});

describe('the report of a run', () => {
  it('says so when the process has held more than the budget', async () => {
    const events: RunEvent[] = [];
    const { chunks } = await planned(smallPlan);
    const report = (memory: Plan['memory']) =>
      memoryReport({ ...smallPlan, memory }, { chunks, estimate: 9e5 }, (event) =>
        events.push(event),
      );
    expect(report('auto').peak).toBeGreaterThan(5e7);
    expect(report(1e12)).toMatchObject({ budget: 1e12, estimate: 9e5, chunks });
    expect(events).toEqual([]);
    report(1e6);
    expect(events).toEqual([
      {
        type: 'warning',
        message: expect.stringMatching(
          /more than the 1.00 MB it was to stay.*900 kB were expected/,
        ),
      },
    ]);
  });
});

/** The budget that a refusal of the distillation says would do, in bytes. */
async function leastBudget(plan: Plan): Promise<number> {
  const refusal = planned({ ...plan, memory: 1 }, distils);
  const message = await refusal.then(
    () => '',
    (error: Error) => error.message,
  );
  return 1e6 * Number(/--memory (\d+)MB/.exec(message)?.[1]);
}

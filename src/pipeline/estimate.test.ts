import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/index.js';
import { temporaryFolder } from '../core/testing/folder.js';
import { smallPlan } from '../plan/testing/plan.js';
import { RunDirectory, type RunEvent } from '../run/index.js';
import { liveTensors } from '../tensor/index.js';
import { estimatePlan, reportBytes } from './estimate.js';
import { runPipeline } from './pipeline.js';

describe('the estimate of a plan', () => {
  it('has time and memory for every stage, and leaves nothing behind', async () => {
    const cache = join(temporaryFolder(), 'cache');
    const before = liveTensors();
    const events: RunEvent[] = [];
    const estimate = await estimatePlan({
      plan: smallPlan,
      cache,
      onEvent: (event) => events.push(event),
    });
    expect(liveTensors()).toBe(before);
    expect(existsSync(cache)).toBe(false);
    const names = estimate.stages.map(({ stage }) => stage);
    expect(names).toEqual(['pretrain', 'distill', 'evaluate']);
    for (const { bytes } of estimate.stages) expect(bytes).toBeGreaterThan(5e7);
    const sum = estimate.stages.reduce((total, { seconds }) => total + seconds, 0);
    expect(estimate.seconds).toBeCloseTo(sum, 9);
    expect(estimate.networks).toEqual({ total: 2, ready: 0 });
    expect(events.map(({ type }) => type)).toEqual(['measure', 'measure', 'measure']);
  });

  it('is near to what the run then takes, in memory and disk, and knows what is in the cache', async () => {
    const folder = temporaryFolder();
    const cache = join(folder, 'cache');
    const estimate = await estimatePlan({ plan: smallPlan, cache });
    const directory = RunDirectory.create({ runs: folder, name: 'run' });
    using log = directory.openEventLog();
    const { memory } = await runPipeline({
      plan: smallPlan,
      directory,
      cache,
      onEvent: log.sink,
    });
    expect(memory.chunks).toEqual(estimate.memory.chunks);
    // Which the command line writes.
    const report = reportBytes(smallPlan, sizeOf(directory.pathOf('snapshots', '000000.png')));
    for (const [path, bytes] of [
      [directory.path, estimate.disk.run - report],
      [cache, estimate.disk.cache],
    ] as const) {
      expect(bytes / sizeOf(path), path).toBeGreaterThan(0.5);
      expect(bytes / sizeOf(path), path).toBeLessThan(2);
    }

    const again = await estimatePlan({ plan: smallPlan, cache });
    expect(again.networks).toEqual({ total: 2, ready: 2 });
    expect(again.stages[0]).toMatchObject({ stage: 'pretrain', seconds: 0 });
    expect(again.disk.cache).toBe(0);
    const more = { ...smallPlan, pretrain: { ...smallPlan.pretrain, networks: 3 } };
    const third = await estimatePlan({ plan: more, cache });
    expect(third.networks).toEqual({ total: 3, ready: 2 });
    expect(third.stages[0]!.seconds).not.toBe(0);
  });

  it('refuses what the run would refuse', async () => {
    const cache = temporaryFolder();
    const small = estimatePlan({ plan: { ...smallPlan, memory: 1e6 }, cache });
    await expect(small).rejects.toThrow(UsageError);
    await expect(small).rejects.toThrow(/--memory \d+MB/);
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const before = liveTensors();
    const running = estimatePlan({
      plan: smallPlan,
      cache: temporaryFolder(),
      signal: controller.signal,
      onEvent: () => controller.abort(new Error('stop, please')),
    });
    await expect(running).rejects.toThrow('stop, please');
    expect(liveTensors()).toBe(before);
  });
});

/** Bytes of all files in a folder. */
function sizeOf(path: string): number {
  const state = statSync(path);
  if (!state.isDirectory()) return state.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../core/testing/folder.js';
import { distillOnly } from '../../pipeline/pipeline.js';
import type { Plan, SearchOptions } from '../../plan/plan.js';
import { smallPlan } from '../../plan/testing/plan.js';
import { RunDirectory, type RunEvent } from '../../run/index.js';
import { liveTensors } from '../../tensor/index.js';
import { checkSearch } from './check.js';
import { searchArchitectures } from './search.js';

const plan: Plan = {
  ...smallPlan,
  pretrain: { ...smallPlan.pretrain, networks: 1, length: { epochs: 0.5 } },
  distill: { ...smallPlan.distill, iterations: 4 },
};

function setting(name: string, changes: Partial<SearchOptions> = {}, runs = temporaryFolder()) {
  const events: RunEvent[] = [];
  const directory = RunDirectory.create({ runs, name });
  writeFileSync(directory.pathOf('config.yaml'), '');
  const request = {
    plan: { ...plan, search: { ...plan.search, ...changes } },
    directory,
    cache: join(runs, 'cache'),
    onEvent: (event: RunEvent) => void events.push(event),
  };
  return { request, directory, events };
}

function withoutTimes(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, item) => (key === 'seconds' ? undefined : item)));
}

function warnings(events: readonly RunEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
}

describe('a search for an architecture', () => {
  it('distils, trains every candidate on every proxy, and judges them by a sample', async () => {
    const { request, directory, events } = setting('search');
    const before = liveTensors();
    const result = await searchArchitectures(request);
    expect(liveTensors()).toBe(before);
    expect(existsSync(directory.pathOf('scratch'))).toBe(false);
    // A fifth of the digits is held out, class by class; the test images decide nothing.
    const { training, heldOut, test } = result.images;
    expect([training + heldOut, test]).toEqual([1195, 602]);
    expect(heldOut / 1195).toBeCloseTo(0.2, 1);
    expect(result.proxies.map(({ proxy }) => proxy)).toEqual(['distilled', 'random', 'early-stop']);
    expect(result.proxies.map(({ images }) => images)).toEqual([20, 20, training]);
    for (const { steps, found, regret, correlation, seconds } of result.proxies) {
      expect(steps).toBe(20);
      expect(found.wholeData).toBeGreaterThan(10);
      expect(regret.map(({ top }) => top)).toEqual([1, 3]);
      expect(regret[1]!.points).toBe(0);
      expect(Math.abs(correlation.spearman!)).toBeLessThanOrEqual(1);
      expect(seconds.perCandidate).toBeCloseTo(seconds.total / 4, 9);
    }
    // Only the distilled set takes making.
    const made = result.proxies.map(({ seconds }) => seconds.preparation !== undefined);
    expect(made).toEqual([true, false, false]);
    expect(result.candidates).toHaveLength(4);
    expect(result.candidates.filter(({ sampled }) => sampled)).toHaveLength(3);
    expect(JSON.parse(readFileSync(directory.pathOf('search.json'), 'utf8'))).toEqual(result);
    // A mark for each of three candidates under each proxy.
    const drawn = readFileSync(directory.pathOf('search.svg'), 'utf8');
    expect(drawn.match(/<path d="[^"]+" transform="matrix[^>]*fill-opacity/g)).toHaveLength(9);
    expect(events.filter(({ type }) => type === 'search-candidate').length).toBeGreaterThan(14);

    // Nothing is done again, and nothing comes out otherwise.
    const again = await searchArchitectures(request);
    expect(again).toEqual(result);
    expect(events.filter(({ type }) => type === 'distill-start')).toHaveLength(1);
  });

  it('takes the set of a finished run, and says when that has seen the held-out images', async () => {
    const runs = temporaryFolder();
    const finished = setting('finished', {}, runs);
    await distillOnly(finished.request);
    const run = finished.directory.path;
    const proxies = ['distilled'] as const;
    const { request, directory, events } = setting('search', { run, proxies }, runs);
    const result = await searchArchitectures(request);
    expect(result.proxies.map(({ proxy, images }) => [proxy, images])).toEqual([['distilled', 20]]);
    expect(result.proxies[0]!.seconds.preparation).toBeUndefined();
    expect(existsSync(directory.pathOf('distilled'))).toBe(false);
    const seen = expect.stringMatching(/distilled from all training images/);
    expect(warnings(events)).toEqual([seen]);

    // The run's own folder has it too.
    const own = { ...finished.request, plan: { ...plan, search: { ...plan.search, proxies } } };
    const again = await searchArchitectures(own);
    expect(withoutTimes(again.proxies)).toEqual(withoutTimes(result.proxies));
    expect(warnings(finished.events)).toEqual([seen]);
    expect(finished.events.filter(({ type }) => type === 'distill-start')).toHaveLength(1);
  });

  it('refuses a set that was distilled from other images', async () => {
    const runs = temporaryFolder();
    const other = setting('other', {}, runs);
    const part = { ...plan.dataset, validation: 0.5 };
    await distillOnly({ ...other.request, plan: { ...plan, dataset: part } });
    const run = other.directory.path;
    const { request } = setting('search', { run, proxies: ['distilled'] }, runs);
    await expect(searchArchitectures(request)).rejects.toThrow(/was distilled from other images/);
  });

  it('needs no distilled set for other proxies', async () => {
    const proxies = ['random', 'early-stop'] as const;
    const { request, directory } = setting('search', { proxies, sample: 'all' });
    const result = await searchArchitectures(request);
    expect(existsSync(directory.pathOf('distilled'))).toBe(false);
    expect(result.candidates.every(({ sampled }) => sampled)).toBe(true);
  });
});

describe('what a search needs is checked before it begins', () => {
  const check = (changes: Partial<SearchOptions>, more: Partial<Plan> = {}) =>
    checkSearch({ ...plan, ...more, search: { ...plan.search, ...changes } });

  it('threads', async () => {
    await expect(check({ concurrency: 3 })).rejects.toThrow(/^search\.concurrency: 3 networks/);
  });

  it('networks that can take the images', async () => {
    const space = { ...plan.search.space, depths: [9] };
    await expect(check({ space })).rejects.toThrow(/^search\.space: /);
  });

  it('a run that holds a set', async () => {
    const run = join(temporaryFolder(), 'none');
    await expect(check({ run })).rejects.toThrow(/search\.run.*none/);
    mkdirSync(run);
    await expect(check({ run })).rejects.toThrow(/search\.run.*none/);
  });

  it('memory for the worker processes', async () => {
    const budget = { memory: 4e9, threads: 64 };
    const { memory } = await check({ concurrency: 1 }, budget);
    expect(memory.stages?.map(({ stage }) => stage)).toEqual(['pretrain', 'distill']);
    const many = check({ concurrency: 64 }, budget);
    await expect(many).rejects.toThrow(/memory: 4\.00 GB do not hold this search: 64 networks/);
  });
});

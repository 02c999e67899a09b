import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Lock } from '../../core/lock.js';
import { temporaryFolder } from '../../core/testing/folder.js';
import { EventLog, readEvents } from '../../run/event-log.js';
import { classesOfTest, startEvent, writeTestRun } from '../testing/run-folder.js';
import type { RunView } from '../view.js';
import { loadRun } from './load-run.js';
import { type Addresses, viewOf } from './run-view.js';

const nowhere: Addresses = {
  snapshots: async () => [],
  nearest: async () => undefined,
  figure: async (_, file) => file,
};

async function viewIn(folder: string): Promise<RunView> {
  return await viewOf(await loadRun(folder), nowhere);
}

describe('what is shown of a run', () => {
  it('is its curves, results, stages, settings and what to do next', async () => {
    const runs = temporaryFolder();
    const folder = await writeTestRun({ runs, name: 'pets', end: 'run-end', hasResults: true });
    const view = await viewIn(folder);
    expect(view).toMatchObject({
      name: 'pets',
      task: 'run',
      state: 'done',
      methods: ['NCFM'],
      dataset: 'pets',
      imagesPerClass: 2,
      factor: 2,
      classes: classesOfTest,
      accuracy: { mean: 80, interval95: [78, 82] },
      stages: [{ name: 'distill', seconds: 2, peak: 1.2e9 }],
    });
    expect(view.curves.map(({ title }) => title)).toEqual(['discrepancy', 'fine tuning loss']);
    expect(view.curves[0]!.series[0]!.points).toHaveLength(20);
    expect(view.sets.map(({ name, mean }) => [name, mean])).toEqual([
      ['random', 60],
      ['start', 65],
      ['distilled', 80],
    ]);
    expect(view.sets[2]).toMatchObject({
      perClass: [80, 90],
      confusion: [
        [16, 4],
        [2, 18],
      ],
    });
    expect(view.settings).toContainEqual({ key: 'distill.formation.factor', value: '2' });
    expect(view.next.map(({ command }) => command)).toContain('ncfm export runs/pets --format pt');
  });

  it('stays whole where files of results are missing or damaged', async () => {
    const folder = await writeTestRun({ runs: temporaryFolder(), name: 'pets', hasResults: true });
    writeFileSync(join(folder, 'results.json'), '{"accuracy":');
    writeFileSync(join(folder, 'config.yaml'), 'distill: [');
    rmSync(join(folder, 'evaluation.json'));
    const view = await viewIn(folder);
    expect(view.sets).toEqual([]);
    expect(view.dataset).toBe('pets');
  });

  it('has the accuracies of networks as they are tested, before there are results', async () => {
    const folder = await writeTestRun({ runs: temporaryFolder(), name: 'pets' });
    using log = new EventLog(join(folder, 'events.jsonl'));
    log.sink({ type: 'evaluate-start', set: 'random', seeds: 3 });
    log.sink({ type: 'evaluate-seed-end', set: 'random', seed: 1, accuracy: 50, seconds: 1 });
    log.sink({ type: 'evaluate-seed-end', set: 'random', seed: 2, accuracy: 60, seconds: 1 });
    const { sets } = await viewIn(folder);
    expect(sets).toMatchObject([{ name: 'random', mean: 55, n: 2, trainings: [50, 60] }]);
  });

  it('counts iterations that a resumed run tells anew once', async () => {
    const folder = await writeTestRun({ runs: temporaryFolder(), name: 'pets' });
    using log = new EventLog(join(folder, 'events.jsonl'));
    const step = { type: 'distill-iteration', iterations: 20, terms: {}, seconds: 1 } as const;
    log.sink({ ...step, iteration: 19, loss: 7 });
    const [loss] = (await viewIn(folder)).curves;
    expect(loss!.series[0]!.points.map(([x]) => x).slice(-2)).toEqual([18, 19]);
    expect(loss!.series[0]!.points.at(-1)).toEqual([19, 7, 7, 7]);
  });

  it('is that of a log of version 1, too', async () => {
    const folder = await writeTestRun({ runs: temporaryFolder(), name: 'old', hasResults: true });
    const path = join(folder, 'events.jsonl');
    const events = readEvents(path)
      .filter(({ type }) => !['run-start', 'system'].includes(type))
      .map(({ sequence: _, ...event }) => ({ ...event, cells: undefined }));
    writeFileSync(path, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    expect(await viewIn(folder)).toMatchObject({
      state: 'done',
      methods: ['ncfm'],
      accuracy: { mean: 80 },
    });
  });
});

describe('the state of a run', () => {
  const stateIn = async (folder: string) => (await viewIn(folder)).state;

  it.each([
    ['run-end', 'done'],
    ['run-stopped', 'stopped'],
    ['run-failed', 'failed'],
  ] as const)('after %s is %s', async (end, state) => {
    const folder = await writeTestRun({ runs: temporaryFolder(), name: 'pets', end });
    expect(await stateIn(folder)).toBe(state);
  });

  it('is running while a process holds it, and dead once that is gone', async () => {
    const folder = await writeTestRun({ runs: temporaryFolder(), name: 'pets' });
    const lock = Lock.take(join(folder, 'lock'));
    expect(await stateIn(folder)).toBe('running');
    lock.release();
    expect(await stateIn(folder)).toBe('dead');
    const gone = { pid: process.pid, host: hostname(), began: 'another time' };
    writeFileSync(join(folder, 'lock'), JSON.stringify(gone));
    expect(await stateIn(folder)).toBe('dead');
  });

  it('of another machine goes by its heartbeat', async () => {
    const folder = await writeTestRun({ runs: temporaryFolder(), name: 'pets' });
    const elsewhere = { pid: 1, host: 'elsewhere', began: null };
    writeFileSync(join(folder, 'lock'), JSON.stringify(elsewhere));
    expect(await stateIn(folder)).toBe('running');
    const long = {
      time: '2020-01-01T00:00:00.000Z',
      elapsed: 1,
      type: 'system',
      memory: 1,
      cpu: 1,
    };
    appendFileSync(join(folder, 'events.jsonl'), `${JSON.stringify(long)}\n`);
    expect(await stateIn(folder)).toBe('dead');
  });

  it('of a run that goes on is running again', async () => {
    const runs = temporaryFolder();
    const folder = await writeTestRun({ runs, name: 'pets', end: 'run-stopped' });
    using _lock = Lock.take(join(folder, 'lock'));
    using log = new EventLog(join(folder, 'events.jsonl'));
    log.sink(startEvent([]));
    expect(await stateIn(folder)).toBe('running');
  });
});

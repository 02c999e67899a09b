import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Artifacts } from '../../core/index.js';
import { temporaryFolder } from '../../core/testing/folder.js';
import type { DatasetPair } from '../../data/index.js';
import { loadDigits } from '../../data/readers/digits.js';
import { smallPlan } from '../../plan/testing/plan.js';
import type { RunEvent } from '../../run/index.js';
import { RandomGenerator } from '../../tensor/testing/on-device.js';
import { WorkerPool } from '../../workers/pool.js';
import { type Candidate, candidatesOf } from './space.js';
import { order, type TrainingTask, trainCandidates } from './train-candidates.js';

let digits: DatasetPair;
let workers: WorkerPool;
const candidates = candidatesOf({
  widths: [2, 4, 8],
  depths: [1],
  norms: ['instance'],
  activations: ['relu'],
  poolings: ['max', 'average'],
});

beforeAll(async () => {
  digits = await loadDigits();
  workers = new WorkerPool({ workers: 1, threads: 1 });
});

afterAll(() => workers[Symbol.dispose]());

const task = (changes: Partial<TrainingTask> = {}): TrainingTask => ({
  set: 'digits',
  data: () => digits.train,
  test: digits.test,
  steps: 16,
  options: smallPlan.evaluate,
  seeds: 1,
  ...changes,
});

function trainers(folder: string, events: RunEvent[] = []) {
  const finished = new Artifacts(folder);
  const onEvent = (event: RunEvent) => void events.push(event);
  return { workers, finished, testAtOnce: 256, random: new RandomGenerator(1), onEvent };
}

describe('candidates', () => {
  it('are halved from round to round, the best going on for longer', async () => {
    const events: RunEvent[] = [];
    const halving = { rounds: 3, factor: 2 };
    const scores = await trainCandidates(
      trainers(temporaryFolder(), events),
      task(),
      candidates,
      halving,
    );
    const all = [...scores.values()];
    const rounds = events.flatMap((event) =>
      event.type === 'search-start' ? [[event.candidates, event.steps]] : [],
    );
    expect(rounds).toEqual([
      [6, 4],
      [3, 8],
      [2, 16],
    ]);
    expect(all.map(({ round }) => round).sort()).toEqual([1, 1, 1, 2, 3, 3]);
    for (const { round, steps } of all) expect(steps).toBe(2 ** (round + 1));
    const best = all.reduce((a, b) => (order(b) > order(a) ? b : a));
    expect(best.round).toBe(3);
    expect(events.at(-1)).toMatchObject({ type: 'search-end', accuracy: best.accuracy });
  });

  it('are the mean of their networks, and are not trained again when they were', async () => {
    const folder = temporaryFolder();
    const two = candidates.slice(0, 2);
    const first = await trainCandidates(trainers(folder), task({ seeds: 2 }), two);
    const singles = await trainCandidates(trainers(folder), task(), two);
    // The second networks differ from the first.
    for (const candidate of two) {
      expect(first.get(candidate)!.accuracy).not.toBe(singles.get(candidate)!.accuracy);
    }
    const again = await trainCandidates(trainers(folder), task({ seeds: 2 }), two);
    // Times too: they are those of the trainings.
    expect(again).toEqual(first);
  });

  it('whose training diverges come last, and the others are trained', async () => {
    const optimizer = { kind: 'sgd', learningRate: 1000 } as const;
    const options = { ...smallPlan.evaluate, optimizer };
    // Products of eight large matrices overflow, those of two do not.
    const [deep, flat] = [8, 2].map((depth) => ({
      name: `mlp${depth}`,
      model: { name: 'mlp', depth } as const,
    })) as [Candidate, Candidate];
    const asked = trainers(temporaryFolder());
    const scores = await trainCandidates(asked, task({ options }), [deep, flat]);
    expect(scores.get(deep)).toMatchObject({ accuracy: 0, round: 1 });
    expect(scores.get(flat)!.accuracy).not.toBe(0);
  });
});

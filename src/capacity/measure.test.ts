import { beforeAll, describe, expect, it } from 'vitest';
import type { Dataset, DatasetPair } from '../data/index.js';
import { loadDigits } from '../data/reading.js';
import { selectionDefaults } from '../methods/schema.js';
import type { Plan } from '../plan/plan.js';
import { smallPlan } from '../plan/testing/plan.js';
import { liveTensors } from '../tensor/index.js';
import { describeOnHost } from '../tensor/testing/on-device.js';
import { measureStage, readThrough, type Stage } from './measure.js';
import { type Measured, startSeconds } from './stage-work.js';
import { stepSeconds } from './step-seconds.js';
import { chunkedPlan, colouredNoise } from './testing/coloured.js';

const chunks = { real: 64, synthetic: 4, test: 64 };

let digits: DatasetPair;
beforeAll(async () => {
  digits = await loadDigits();
});
const noise = colouredNoise();

function measured(stage: Stage, plan: Plan, rest: Partial<Measured & { chunks: typeof chunks }>) {
  const data = plan.model === chunkedPlan.model ? noise : digits;
  const request = { data, pretrains: true, chunks, timed: false, onEvent: () => {} };
  return measureStage(stage, { ...request, plan, ...rest });
}

async function bytesOf(stage: Stage, plan: Plan, chosen = chunks): Promise<number> {
  return (await measured(stage, plan, { chunks: chosen })).bytes;
}

describeOnHost('the memory of a stage', () => {
  it.each<[keyof typeof chunks, Stage, number]>([
    ['test', 'pretrain', 600],
    ['test', 'evaluate', 600],
    ['real', 'distill', 240],
    ['synthetic', 'distill', 10],
  ])('grows with the %s chunk while it is %s', async (name, stage, size) => {
    const least = { real: 8, synthetic: 1, test: 8 };
    const small = await bytesOf(stage, chunkedPlan, least);
    const large = await bytesOf(stage, chunkedPlan, { ...least, [name]: size });
    expect(large - small).toBeGreaterThan(1e7);
  });

  it.each<[string, Stage, Partial<Plan>]>([
    ['a batch', 'pretrain', { pretrain: { ...chunkedPlan.pretrain, batchSize: 512 } }],
    ['networks', 'pretrain', { pretrain: { ...chunkedPlan.pretrain, networks: 40 } }],
    ['a batch', 'evaluate', { evaluate: { ...chunkedPlan.evaluate, batchSize: 512 } }],
    ['a teacher', 'evaluate', { evaluate: { ...chunkedPlan.evaluate, labels: taughtBy(40) } }],
    ['seeds', 'evaluate', { evaluate: { ...chunkedPlan.evaluate, seeds: 50 } }],
  ])('is larger with more of %s, while it is %s', async (_, stage, changes) => {
    const small = await bytesOf(stage, chunkedPlan);
    expect((await bytesOf(stage, { ...chunkedPlan, ...changes })) - small).toBeGreaterThan(1e7);
  });

  it('counts the processes that an evaluation trains networks in', async () => {
    const evaluated = (concurrency: number): Promise<number> => {
      const evaluate = { ...smallPlan.evaluate, seeds: 4, concurrency };
      return bytesOf('evaluate', { ...smallPlan, threads: 4, evaluate });
    };
    const [one, two, four] = [await evaluated(1), await evaluated(2), await evaluated(4)];
    expect(two - one).toBeGreaterThan(0.8 * one);
    expect(four - two).toBeGreaterThan(1.6 * one);
    expect(four - two).toBeLessThan(2.4 * one);
  });
});

describe('measuring', () => {
  it.each<Stage>(['pretrain', 'distill', 'evaluate'])('leaves no tensors of %s', async (stage) => {
    const before = liveTensors();
    await measured(stage, smallPlan, {});
    expect(liveTensors()).toBe(before);
  });

  it.each([
    { method: 'forgetting' },
    { method: 'k-centre' },
    { method: 'rded', factor: 2, candidates: 50, crops: 2, observers: 2 },
  ])('starts a choice of images from samples of the data: $method', async (own) => {
    const distill = { imagesPerClass: 1, ...selectionDefaults, ...own };
    const before = liveTensors();
    const { bytes, seconds } = await measured('distill', { ...smallPlan, distill }, {});
    expect(liveTensors()).toBe(before);
    expect(bytes).toBeGreaterThan(0);
    expect(seconds).toBeGreaterThan(0);
  });

  it('counts the training of a network that a method trains itself', async () => {
    const distill = { method: 'forgetting', imagesPerClass: 1, ...selectionDefaults };
    const steps = (steps: number) => ({ ...smallPlan.pretrain, length: { steps } });
    const secondsOf = async (pretrain: Plan['pretrain']): Promise<number> =>
      (await measured('distill', { ...smallPlan, distill, pretrain }, {})).seconds;
    const [short, long] = [await secondsOf(steps(100)), await secondsOf(steps(1_000_000))];
    expect(long).toBeGreaterThan(100 * short);
  });

  it('leaves none where it fails or is stopped either', async () => {
    const before = liveTensors();
    const frequencies = { kind: 'gaussian', count: 1e13, scale: 'auto' } as const;
    const greedy = { ...smallPlan, distill: { ...smallPlan.distill, frequencies } };
    await expect(measured('distill', greedy, {})).rejects.toThrow(/memory/);
    const signal = AbortSignal.abort(new Error('stop, please'));
    for (const stage of ['pretrain', 'distill', 'evaluate'] as const) {
      await expect(measured(stage, smallPlan, { signal })).rejects.toThrow('stop, please');
    }
    expect(liveTensors()).toBe(before);
  });

  it('trains nothing for a pool that is there, and tests nothing without test images', async () => {
    const ready = await measured('pretrain', smallPlan, { pretrains: false });
    expect(ready.seconds).toBe(0);
    const { train } = digits;
    expect((await measured('pretrain', smallPlan, { data: { train } })).seconds).toBeGreaterThan(0);
  });

  it('has every image read before, as a run will read them', () => {
    const seen = new Set<number>();
    const read: Dataset['read'] = (indices) => {
      for (const index of Array.from(indices)) seen.add(index);
      return digits.train.read(indices);
    };
    readThrough({ train: { ...digits.train, read } });
    expect(seen.size).toBe(digits.train.labels.length);
  });

  it('draws the images where a run does', async () => {
    let drawn = 0;
    await measured('distill', smallPlan, { draw: async () => void drawn++ });
    expect(drawn).toBe(2);
  });
});

describe('the time of steps', () => {
  it('is that of each kind, after a turn that warms up', async () => {
    const steps: number[] = [];
    const spend = (milliseconds: number): void => {
      const until = performance.now() + milliseconds;
      while (performance.now() < until);
    };
    const step = (): void => {
      steps.push(steps.length);
      if (steps.length % 2 === 1) spend(20);
    };
    const [first, second] = await stepSeconds(step, { timed: false, kinds: 2 });
    expect(steps).toHaveLength(4);
    expect(first).toBeGreaterThanOrEqual(0.02);
    expect(second).toBeGreaterThanOrEqual(0);
  });
});

describe('the time of a start', () => {
  it('grows with the images as far as it did between two samples', () => {
    const few = { seconds: 2, images: 100 };
    expect(startSeconds(few, { seconds: 5, images: 400 }, 1400)).toBeCloseTo(5 + 1000 * 0.01);
    expect(startSeconds(few, { seconds: 1.9, images: 400 }, 1400)).toBe(1.9);
    expect(startSeconds(few, few, 1400)).toBe(2);
  });
});

function taughtBy(networks: number): Plan['evaluate']['labels'] {
  return {
    mode: 'on-the-fly',
    teacher: { kind: 'pool', networks },
    temperature: 1,
    correctToHard: false,
    hardShare: 0,
  };
}

import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Artifacts, FailureError } from '../core/index.js';
import { temporaryFolder } from '../core/testing/folder.js';
import { outputUntil } from '../core/testing/output.js';
import { type DatasetPair, subset } from '../data/index.js';
import { loadDigits } from '../data/readers/digits.js';
import { labelsByClass, realImages } from '../distill/index.js';
import { evaluate } from '../evaluate/evaluate.js';
import { evaluateSeed } from '../evaluate/evaluate-seed.js';
import type { EvaluateRequest } from '../evaluate/request.js';
import { smallPlan } from '../plan/testing/plan.js';
import type { RunEvent } from '../run/index.js';
import { keep, liveTensors, setThreads, type Tensor } from '../tensor/index.js';
import { RandomGenerator, testDevice } from '../tensor/testing/on-device.js';
import { WorkerPool } from './pool.js';

let digits: DatasetPair;
let images: Tensor;
let labels: Tensor;

beforeAll(async () => {
  setThreads(1);
  digits = await loadDigits();
  images = keep(realImages(digits.train, 3, new RandomGenerator(3)));
  labels = labelsByClass(10, 3, testDevice);
});

afterAll(() => {
  images.dispose();
  labels.dispose();
});

function request(changes: Partial<EvaluateRequest> = {}): EvaluateRequest {
  return {
    set: 'digits',
    data: () => ({ images, labels }),
    normalization: digits.train.normalization,
    test: digits.test,
    model: smallPlan.student,
    steps: 30,
    options: smallPlan.evaluate,
    random: new RandomGenerator(5),
    onEvent: () => {},
    ...changes,
  };
}

/** Steps that no test waits for: fifty events are told of them, the first after a second or so. */
const endless = 20_000;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function gone(pids: readonly number[]): Promise<void> {
  expect(pids.length).toBeGreaterThan(0);
  await expect.poll(() => pids.filter(isAlive), { timeout: 60_000 }).toEqual([]);
}

describe('a network trained by a worker process', () => {
  it('is the one that this process trains with as many threads', async () => {
    const before = liveTensors();
    using pool = new WorkerPool({ workers: 1, threads: 1 });
    expect(await pool.train(request(), 2)).toEqual(await evaluateSeed(request(), 2));
    expect(liveTensors()).toBe(before);
  });

  it('may be trained on a whole dataset, and be tested on the way', async () => {
    const part = subset(digits.train, [1, 2, 3, 4, 5], 'part');
    const curve = { points: 2, trainingImages: 5 };
    const asked = request({
      data: () => digits.train,
      trainingSample: part,
      options: { ...smallPlan.evaluate, curve },
    });
    using pool = new WorkerPool({ workers: 1, threads: 1 });
    const result = await pool.train(asked, 1);
    expect(result).toEqual(await evaluateSeed(asked, 1));
    expect(result.curve).toHaveLength(2);
  });

  it('fails with the error that it came to', async () => {
    const optimizer = { kind: 'sgd', learningRate: 1e30 } as const;
    const options = { ...smallPlan.evaluate, optimizer };
    using pool = new WorkerPool({ workers: 1, threads: 1 });
    const training = pool.train(request({ options, model: { name: 'mlp' } }), 1);
    await expect(training).rejects.toThrow(/training diverged/);
    await expect(training).rejects.toBeInstanceOf(FailureError);
    // The process goes on with the next job.
    const [pid] = pool.pids;
    await pool.train(request(), 1);
    expect(pool.pids).toEqual([pid]);
  });
});

describe('an evaluation by several processes', () => {
  it('gives the figures of one by one, keeps them, and tells how far all networks are', async () => {
    const options = { ...smallPlan.evaluate, seeds: 3 };
    const together: number[] = [];
    const onEvent = (event: RunEvent): void => {
      if (event.type === 'evaluate-step') together.push(event.together!);
    };
    const scratch = join(temporaryFolder(), 'scratch');
    const finished = new Artifacts(temporaryFolder());
    const pool = new WorkerPool({ workers: 2, threads: 1, scratch });
    const result = await evaluate(request({ options, workers: pool, finished, onEvent }));
    const { pids } = pool;
    expect(pids).toHaveLength(2);
    expect(together).toEqual(Array.from({ length: 90 }, (_, index) => index + 1));
    pool[Symbol.dispose]();
    expect(existsSync(scratch)).toBe(false);
    await gone(pids);
    // With the workers' number of threads this process finds every network trained.
    expect(await evaluate(request({ options, finished }))).toEqual(result);
    expect(await evaluate(request({ options }))).toEqual(result);
  });
});

describe('a worker process that is killed', () => {
  it('is replaced, and its job begun again', async () => {
    const controller = new AbortController();
    using pool = new WorkerPool({ workers: 1, threads: 1, signal: controller.signal });
    const first = new Map<number, number>();
    const onEvent = (event: RunEvent): void => {
      const [pid] = pool.pids;
      if (event.type !== 'evaluate-step' || first.has(pid!)) return;
      first.set(pid!, event.step);
      if (first.size === 1) process.kill(pid!, 'SIGKILL');
      else controller.abort(new Error('seen'));
    };
    await expect(pool.train(request({ steps: endless, onEvent }), 1)).rejects.toThrow('seen');
    expect([...first.values()]).toEqual([endless / 50, endless / 50]);
  });

  it('leaves no trace in the figures', async () => {
    using pool = new WorkerPool({ workers: 1, threads: 1 });
    const training = pool.train(request(), 1);
    while (pool.pids.length === 0) await setImmediate();
    const [pid] = pool.pids;
    process.kill(pid!, 'SIGKILL');
    expect(await training).toEqual(await evaluateSeed(request(), 1));
    expect(pool.pids).not.toEqual([pid]);
  });

  it('twice is an error that names the job', async () => {
    using pool = new WorkerPool({ workers: 1, threads: 1 });
    const killed = new Set<number>();
    const onEvent = ({ type }: RunEvent): void => {
      if (type !== 'evaluate-step') return;
      for (const pid of pool.pids) {
        if (!killed.has(pid)) process.kill(pid, 'SIGKILL');
        killed.add(pid);
      }
    };
    await expect(pool.train(request({ steps: endless, onEvent }), 4)).rejects.toThrow(
      'the training of digits, seed 4 failed twice: its process ended before it was done; it was killed (SIGKILL), perhaps because memory ran out',
    );
    expect(killed.size).toBe(2);
  });
});

describe('worker processes end', () => {
  it('at once at an abort signal, with what was waiting', async () => {
    const controller = new AbortController();
    using pool = new WorkerPool({ workers: 1, threads: 1, signal: controller.signal });
    const events = new EventEmitter();
    const asked = request({ steps: endless, onEvent: ({ type }) => void events.emit(type) });
    const begun = once(events, 'evaluate-step');
    const trainings = [pool.train(asked, 1), pool.train(asked, 2), pool.train(asked, 3)];
    await begun;
    const { pids } = pool;
    controller.abort(new Error('enough'));
    const reason = controller.signal.reason;
    const rejected = { status: 'rejected', reason };
    expect(await Promise.allSettled(trainings)).toEqual([rejected, rejected, rejected]);
    await gone(pids);
    await expect(pool.train(asked, 4)).rejects.toThrow('enough');
  });

  it('with their parent, even if that is killed', async () => {
    const program = fileURLToPath(new URL('testing/parent.mjs', import.meta.url));
    const scratch = join(temporaryFolder(), 'scratch');
    const parent = spawn(process.execPath, [program, scratch], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pids = JSON.parse(await outputUntil(parent.stdout, /\n/)) as number[];
    expect(pids.map(isAlive)).toEqual([true, true]);
    parent.kill('SIGKILL');
    await gone(pids);
  });
});

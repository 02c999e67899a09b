import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RandomGenerator, setThreads, tuneProcess } from 'ncfm';
import { officialTraining } from 'ncfm/data';
import { labelsByClass, tensorSource, train } from 'ncfm/methods';
import type { Problem } from '../settings.js';
import { newModel, type Prepared, prepare, withCondenser } from '../workload.js';
import type { Job, Speed } from './job.js';

const problem: Problem = {
  shape: [1, 28, 28],
  classes: 10,
  storedPerClass: 256,
  imagesPerClass: 10,
  factor: 2,
  realBatch: 64,
  frequencies: 1024,
  width: 32,
};

/** The first steps allocate and start threads. */
const warmUp = 5;

/** Times steps until they have taken `seconds`; `step` tells of each one done, and returns whether it was the last. */
class Clock {
  readonly #seconds: number[] = [];
  #steps = 0;
  #last = 0;
  #start = 0;
  #processor = process.cpuUsage();

  constructor(private readonly enough: number) {}

  step(): boolean {
    const now = performance.now() / 1000;
    this.#steps += 1;
    if (this.#steps <= warmUp) {
      this.#start = now;
      this.#processor = process.cpuUsage();
    } else this.#seconds.push(now - this.#last);
    this.#last = now;
    return this.#steps > warmUp && now - this.#start >= this.enough;
  }

  speed(): Speed {
    const { user, system } = process.cpuUsage(this.#processor);
    return {
      stepsPerSecond: this.#seconds.length / (this.#last - this.#start),
      processorSecondsPerStep: (user + system) / 1e6 / this.#seconds.length,
      slowest: Math.max(...this.#seconds),
    };
  }
}

/** Steps of a network that is trained on a distilled set. */
async function evaluation(clock: Clock): Promise<void> {
  const random = new RandomGenerator(0);
  const done = new AbortController();
  const images = random.uniformTensor([100, ...problem.shape]);
  const labels = labelsByClass(problem.classes, 10, 'cpu');
  const training = train({
    model: newModel(problem, random),
    source: tensorSource({ images, labels }, { mean: [0.5], std: [0.25] }),
    steps: 1_000_000,
    options: {
      batchSize: 100,
      optimizer: { kind: 'adamw', learningRate: 1e-3 },
      schedule: { kind: 'constant' },
      augmentation: officialTraining,
      cutMix: 0.5,
    },
    random,
    signal: done.signal,
    onStep: () => {
      if (clock.step()) done.abort();
    },
  });
  await training.catch((error: unknown) => {
    if (!done.signal.aborted) throw error;
  });
}

/** Iterations of a distillation. */
function distillation(clock: Clock, prepared: Prepared): void {
  withCondenser(problem, prepared, { psi: false, amortise: 1 }, (condenser) => {
    do condenser.step();
    while (!clock.step());
  });
}

/** Measures one job, its argument, and prints what it finds. Waits as the command line does, unless the environment says how. */
async function measure({ work, threads, seconds }: Job): Promise<Speed> {
  tuneProcess();
  setThreads(threads);
  const clock = new Clock(seconds);
  if (work === 'evaluation') await evaluation(clock);
  else {
    const folder = mkdtempSync(join(tmpdir(), 'ncfm-load-'));
    try {
      distillation(clock, prepare(problem, folder));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  return clock.speed();
}

process.stdout.write(JSON.stringify(await measure(JSON.parse(process.argv[2] ?? '') as Job)));

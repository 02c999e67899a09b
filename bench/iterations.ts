import { Condenser, RandomGenerator } from 'ncfm';
import type { IterationsJob } from './jobs.js';
import { timed } from './timing.js';
import { condenseOptions, newModel, openDataset, openPool, openSynthetic } from './workload.js';

/** Seconds of each of our iterations, the ones to warm up left out. */
export function timeIterations(job: IterationsJob): number[] {
  const { problem, prepared, warmUp, iterations } = job;
  const random = new RandomGenerator(0);
  const dataset = openDataset(problem, prepared);
  using pool = openPool(prepared);
  using synthetic = openSynthetic(problem, dataset, random);
  using condenser = new Condenser({
    dataset,
    synthetic,
    pool,
    buildModel: () => newModel(problem, new RandomGenerator(0)),
    options: condenseOptions(problem, job),
    random,
  });
  const seconds: number[] = [];
  for (let iteration = 0; iteration < warmUp + iterations; iteration++) {
    const step = timed(() => condenser.step());
    process.stderr.write(`ours: iteration ${iteration + 1}: ${step.seconds.toFixed(2)} s\n`);
    if (iteration >= warmUp) seconds.push(step.seconds);
  }
  return seconds;
}

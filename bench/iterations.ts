import type { IterationsJob } from './jobs.js';
import { timed } from './timing.js';
import { withCondenser } from './workload.js';

/** Seconds of each of our iterations, the ones to warm up left out. */
export function timeIterations(job: IterationsJob): number[] {
  const { problem, prepared, warmUp, iterations } = job;
  return withCondenser(problem, prepared, job, (condenser) => {
    const seconds: number[] = [];
    for (let iteration = 0; iteration < warmUp + iterations; iteration++) {
      const step = timed(() => condenser.step());
      process.stderr.write(`ours: iteration ${iteration + 1}: ${step.seconds.toFixed(2)} s\n`);
      if (iteration >= warmUp) seconds.push(step.seconds);
    }
    return seconds;
  });
}

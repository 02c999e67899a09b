import type { IterationsJob } from './jobs.js';
import { timed } from './timing.js';
import { withCondenser } from './workload.js';

/**
 * Seconds of each of our iterations, the ones to warm up left out; where they are not waited for one by one, the mean of
 * all for each.
 */
export function timeIterations(job: IterationsJob): number[] {
  return (job.device ?? 'cpu') === 'cpu' ? oneByOne(job) : together(job);
}

function together(job: IterationsJob): number[] {
  const { problem, prepared, warmUp, iterations } = job;
  return withCondenser(problem, prepared, job, (condenser) => {
    const play = (count: number): void => {
      const reports = Array.from({ length: count }, () => condenser.stepAhead());
      for (const report of reports) report();
    };
    play(warmUp);
    const { seconds } = timed(() => play(iterations));
    process.stderr.write(`ours: ${iterations} iterations: ${seconds.toFixed(2)} s\n`);
    return new Array<number>(iterations).fill(seconds / iterations);
  });
}

function oneByOne(job: IterationsJob): number[] {
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

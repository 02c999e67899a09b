import { threads } from 'ncfm';
import { engine, ops, scope } from 'ncfm/tensor';
import type { MachineResult } from './jobs.js';
import { timed } from './timing.js';

const streamLength = 2 ** 25;

/** What this machine is and the most it can do, as our engine finds it. */
export function measureMachine(): MachineResult {
  return {
    engine: engine(),
    threads: threads(),
    coreType: process.env.OPENBLAS_CORETYPE ?? null,
    peakGflops: arithmeticPeak(),
    bandwidth: streamBandwidth(),
  };
}

/** Of multiply-adds in single precision, all threads together. */
function arithmeticPeak(): number {
  const rounds = 1e7;
  return ops.multiplyAdds(rounds) / best(8, () => ops.multiplyAdds(rounds)) / 1e9;
}

/** x += y on arrays beyond the caches: two reads and one write of four bytes each. */
function streamBandwidth(): number {
  return scope(() => {
    const [x, y] = [ops.zeros([streamLength]), ops.ones([streamLength])];
    return (12 * streamLength) / best(5, () => x.add_(y));
  });
}

/** The least seconds of `rounds` calls, after one that is not counted. */
function best(rounds: number, body: () => unknown): number {
  body();
  return Math.min(...Array.from({ length: rounds }, () => timed(body).seconds));
}

/** Nanoseconds per addition of two tensors of 8 numbers, best of several rounds. */
export function additionOverhead(options: {
  readonly repeats: number;
  readonly rounds: number;
}): number {
  return scope(() => {
    const [x, y] = [ops.ones([8]), ops.ones([8])];
    const seconds = best(options.rounds, () => {
      for (let repeat = 0; repeat < options.repeats; repeat++) x.add(y).dispose();
    });
    return (seconds / options.repeats) * 1e9;
  });
}

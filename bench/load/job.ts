/** What is repeated while other processes want the processor too, both at width 32, as in a quick preset. */
export const works = ['evaluation', 'distillation'] as const;
export type Work = (typeof works)[number];

/** What one process is asked to measure. */
export interface Job {
  readonly work: Work;
  readonly threads: number;
  readonly seconds: number;
}

/** What it finds. */
export interface Speed {
  readonly stepsPerSecond: number;
  /** Of all of the process's threads, waiting at full speed included. */
  readonly processorSecondsPerStep: number;
  /** Seconds of the slowest step. */
  readonly slowest: number;
}

/**
 * Estimates the time that a piece of work still needs, from a rate in which recent progress counts more: what lies one
 * half-life back weighs half. It holds no clock; every method is told the time.
 */
export class ProgressEstimator {
  readonly #total: number;
  readonly #halfLife: number;
  #done: number;
  #time: number;
  #weightedWork = 0;
  #weightedTime = 0;

  /**
   * @param options.total units of work in all
   * @param options.done units done at the start: more than 0 for a resumed run
   * @param options.time the time of the start, in seconds on any clock
   * @param options.halfLife seconds; 30 by default
   */
  constructor(options: { total: number; done?: number; time: number; halfLife?: number }) {
    this.#total = options.total;
    this.#done = options.done ?? 0;
    this.#time = options.time;
    this.#halfLife = options.halfLife ?? 30;
  }

  /** Says that `done` units in all are done at `time` seconds. Neither may go back. */
  update(done: number, time: number): void {
    const passed = time - this.#time;
    const decay = 0.5 ** (passed / this.#halfLife);
    this.#weightedWork = this.#weightedWork * decay + (done - this.#done);
    this.#weightedTime = this.#weightedTime * decay + passed;
    this.#done = done;
    this.#time = time;
  }

  /** Seconds still needed as of the last update; `undefined` while no progress has been seen. */
  remaining(): number | undefined {
    if (this.#done >= this.#total) return 0;
    if (this.#weightedWork <= 0) return undefined;
    return ((this.#total - this.#done) * this.#weightedTime) / this.#weightedWork;
  }
}

/** A duration for people: `38 ms`, `4.2 s`, `3 m 05 s`, `2 h 10 m`. Takes seconds ≥ 0. */
export function formatDuration(seconds: number): string {
  if (seconds < 0.0995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${twoDigits(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} m`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

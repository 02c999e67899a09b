import type { Distiller, StepReport } from './method.js';

/** An iteration that was played. */
export interface PlayedIteration {
  readonly iteration: number;
  readonly report: StepReport;
  /** That it took; the mean where several were told together. */
  readonly seconds: number;
}

interface Played extends Omit<PlayedIteration, 'report' | 'seconds'> {
  readonly report: () => StepReport;
}

/** What takes long is told at once: nothing is gained by waiting for it less often. */
const mostMilliseconds = 1000;

/**
 * Plays iterations and gives their reports, some at a time where the host need not wait for each: then the device is
 * waited for once for all of them.
 */
export class Iterations {
  readonly #distiller: Distiller;
  readonly #readEvery: number;
  #untold: Played[] = [];
  #since = performance.now();

  /** @param readEvery iterations whose reports are read together, where the distiller can go ahead */
  constructor(distiller: Distiller, readEvery: number) {
    this.#distiller = distiller;
    this.#readEvery = distiller.goesAhead ? readEvery : 1;
  }

  /** Plays the next one; its report comes with `reports`. Throws NonFiniteError where reports are not put off. */
  play(): void {
    const distiller = this.#distiller;
    if (this.#untold.length === 0) this.#since = performance.now();
    const report =
      this.#readEvery > 1 && distiller.stepAhead !== undefined
        ? distiller.stepAhead()
        : known(distiller.step());
    this.#untold.push({ iteration: distiller.iteration, report });
  }

  /** Whether it is time to read the reports that were put off: so many, or a second's. */
  get isDue(): boolean {
    const isLate = performance.now() - this.#since > mostMilliseconds;
    return isLate || this.#untold.length >= this.#readEvery;
  }

  /** The reports that were put off; the iterations before one that throws NonFiniteError are given first. */
  *reports(): Generator<PlayedIteration> {
    const untold = this.#untold;
    this.#untold = [];
    let seconds: number | undefined;
    for (const { iteration, report } of untold) {
      const read = report();
      seconds ??= (performance.now() - this.#since) / 1000 / untold.length;
      yield { iteration, report: read, seconds };
    }
  }
}

const known =
  <Value>(value: Value): (() => Value) =>
  () =>
    value;

/** How often a checkpoint is written: when either has passed; null for never. */
export interface CheckpointInterval {
  readonly seconds: number | null;
  /** Iterations of a distillation; training is kept by the clock alone. */
  readonly iterations: number | null;
}

/** Tells when a computation is to be kept; the clock never goes back, whatever the system's does. */
export class CheckpointTimer {
  readonly #interval: CheckpointInterval;
  #kept = { step: 0, time: performance.now() };

  constructor(interval: CheckpointInterval) {
    this.#interval = interval;
  }

  /** The step that is kept; 0 before the first. */
  get keptStep(): number {
    return this.#kept.step;
  }

  due(step: number): boolean {
    const { seconds, iterations } = this.#interval;
    const passed = (performance.now() - this.#kept.time) / 1000;
    return (
      passed >= (seconds ?? Number.POSITIVE_INFINITY) ||
      step - this.#kept.step >= (iterations ?? Number.POSITIVE_INFINITY)
    );
  }

  /** Says that `step` is on disk now. */
  kept(step: number): void {
    this.#kept = { step, time: performance.now() };
  }
}

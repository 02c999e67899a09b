/** A learning-rate schedule: the factor on the initial rate at `step` of `steps` (0-based). */
export type ScheduleOptions =
  | { readonly kind: 'constant' }
  /** From 1 towards `floor` along half a cosine, of which the run is the first `span` (1 when left out: all of it). */
  | { readonly kind: 'cosine'; readonly floor?: number; readonly span?: number }
  /**
   * Multiplied by `factor` at each of `milestones`, fractions of the run in (0, 1); with `restart` the optimiser begins
   * anew there, without its momentum.
   */
  | {
      readonly kind: 'multi-step';
      readonly milestones: readonly number[];
      readonly factor: number;
      readonly restart?: boolean;
    }
  /** Multiplied by `factor` after `patience` steps without a new smallest value. */
  | { readonly kind: 'plateau'; readonly factor: number; readonly patience: number };

/** Follows a schedule step by step; its state can be stored. */
export interface Schedule {
  /** The factor for the coming step. */
  factor(): number;
  /**
   * Ends a step; `value` is what a plateau schedule watches (smaller is better), undefined where the step has none: it
   * neither improves nor waits then.
   */
  advance(value: number | undefined): void;
  /** Whether the coming step is to be the first of a new optimiser; see `Optimizer.reset`. */
  restarts(): boolean;
  getState(): ScheduleState;
  setState(state: ScheduleState): void;
}

export interface ScheduleState {
  readonly step: number;
  /** Plateau only: factor so far, smallest value so far, steps since then. */
  readonly scale: number;
  readonly best: number | null;
  readonly waited: number;
}

/** Starts a schedule over `steps` steps. Throws RangeError for milestones outside (0, 1). */
export function startSchedule(options: ScheduleOptions, steps: number): Schedule {
  if (
    options.kind === 'multi-step' &&
    options.milestones.some((milestone) => milestone <= 0 || milestone >= 1)
  ) {
    throw new RangeError(
      `milestones are fractions between 0 and 1, got ${options.milestones.join(', ')}`,
    );
  }
  return new RunningSchedule(options, steps);
}

/** A milestone in whole steps, rounded down; the rounding of fractions must not cost a step (0.29 · 100 < 29). */
function wholeSteps(milestone: number): number {
  return Math.floor(milestone + 1e-9);
}

class RunningSchedule implements Schedule {
  readonly #options: ScheduleOptions;
  readonly #steps: number;
  #state: ScheduleState = { step: 0, scale: 1, best: null, waited: 0 };

  constructor(options: ScheduleOptions, steps: number) {
    this.#options = options;
    this.#steps = steps;
  }

  factor(): number {
    const { step, scale } = this.#state;
    switch (this.#options.kind) {
      case 'constant':
        return 1;
      case 'cosine': {
        const { floor = 0, span = 1 } = this.#options;
        const angle = (Math.PI * span * step) / Math.max(1, this.#steps);
        return floor + (1 - floor) * 0.5 * (1 + Math.cos(angle));
      }
      case 'multi-step': {
        const passed = this.#milestones().filter((milestone) => step >= milestone);
        return this.#options.factor ** passed.length;
      }
      case 'plateau':
        return scale;
    }
  }

  restarts(): boolean {
    const restart = this.#options.kind === 'multi-step' && this.#options.restart === true;
    return restart && this.#milestones().includes(this.#state.step);
  }

  #milestones(): number[] {
    if (this.#options.kind !== 'multi-step') return [];
    return this.#options.milestones.map((milestone) => wholeSteps(milestone * this.#steps));
  }

  advance(value: number | undefined): void {
    const { step, scale, best, waited } = this.#state;
    const next = { step: step + 1, scale, best, waited };
    if (this.#options.kind === 'plateau' && value !== undefined)
      Object.assign(next, this.#watch(value));
    this.#state = next;
  }

  /** Like PyTorch's ReduceLROnPlateau with its default relative threshold of 1e-4. */
  #watch(value: number): Partial<ScheduleState> {
    const { scale, best, waited } = this.#state;
    if (this.#options.kind !== 'plateau') return {};
    if (best === null || value < best * (1 - 1e-4)) return { best: value, waited: 0 };
    if (waited + 1 <= this.#options.patience) return { waited: waited + 1 };
    return { scale: scale * this.#options.factor, waited: 0 };
  }

  getState(): ScheduleState {
    return this.#state;
  }

  setState(state: ScheduleState): void {
    this.#state = state;
  }
}

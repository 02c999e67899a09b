import type { LoggedEvent } from './event-log.js';
import type { Phase } from './events.js';

/** What a stage of a run took, in all processes that have worked on it. */
export interface StageFigures {
  /** Wall-clock. Of a process that was stopped, until the last event that it told. */
  readonly seconds: number;
  /** The most main memory that a process which finished the stage has held meanwhile, in bytes. */
  readonly peak?: number;
}

/** What each stage of a run took; stages that were never begun are absent. */
export type Stages = { readonly [phase in Phase]?: StageFigures };

/** What each stage of a run took, by the run's log. */
export function stagesOf(events: readonly LoggedEvent[]): Stages {
  const clock = new StageClock();
  for (const event of events) clock.add(event);
  return clock.stages;
}

/** Counts what the stages of a run take, event by event. */
export class StageClock {
  readonly #closed: { [phase in Phase]?: StageFigures } = {};
  #open: { readonly phase: Phase; readonly from: number; readonly to: number } | undefined;

  add(event: LoggedEvent): void {
    const { elapsed } = event;
    // Each process counts its time from 0.
    if (this.#open && (elapsed < this.#open.to || event.type === 'phase-start')) {
      this.#close(this.#open);
    }
    if (event.type === 'phase-start') {
      this.#open = { phase: event.phase, from: elapsed, to: elapsed };
    } else if (event.type === 'phase-end') {
      this.#closed[event.phase] = this.#with(event.phase, event.seconds, event.peak);
      this.#open = undefined;
    } else if (this.#open) {
      this.#open = { ...this.#open, to: elapsed };
    }
  }

  /** The one under way until its last event included. */
  get stages(): Stages {
    if (this.#open === undefined) return { ...this.#closed };
    const { phase, from, to } = this.#open;
    return { ...this.#closed, [phase]: this.#with(phase, to - from, undefined) };
  }

  #close({ phase, from, to }: { phase: Phase; from: number; to: number }): void {
    this.#closed[phase] = this.#with(phase, to - from, undefined);
    this.#open = undefined;
  }

  #with(phase: Phase, seconds: number, ends: number | undefined): StageFigures {
    const { seconds: earlier = 0, peak = ends } = this.#closed[phase] ?? {};
    const most = peak !== undefined && ends !== undefined ? Math.max(peak, ends) : peak;
    return { seconds: earlier + seconds, ...(most !== undefined && { peak: most }) };
  }
}

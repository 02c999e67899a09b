import type { LoggedEvent } from './event-log.js';
import type { Phase } from './events.js';

/** What a stage of a run took, in all processes that have worked on it. */
export interface StageFigures {
  /** Wall-clock. Of a process that was stopped, until the last event that it told. */
  readonly seconds: number;
  /** The most main memory that a process which finished the stage has held meanwhile, in bytes. */
  readonly peak?: number;
}

/** What each stage of a run took, by the run's log; stages that were never begun are absent. */
export function stagesOf(events: readonly LoggedEvent[]): {
  readonly [phase in Phase]?: StageFigures;
} {
  const stages: { [phase in Phase]?: StageFigures } = {};
  let open: { readonly phase: Phase; readonly from: number; readonly to: number } | undefined;
  const add = (phase: Phase, seconds: number, ends: number | undefined): void => {
    const { seconds: earlier = 0, peak = ends } = stages[phase] ?? {};
    const most = peak !== undefined && ends !== undefined ? Math.max(peak, ends) : peak;
    stages[phase] = { seconds: earlier + seconds, ...(most !== undefined && { peak: most }) };
  };
  const close = (): void => {
    if (open) add(open.phase, open.to - open.from, undefined);
    open = undefined;
  };
  for (const event of events) {
    const { elapsed } = event;
    // Each process counts its time from 0.
    if (open && (elapsed < open.to || event.type === 'phase-start')) close();
    if (event.type === 'phase-start') open = { phase: event.phase, from: elapsed, to: elapsed };
    else if (event.type === 'phase-end') {
      add(event.phase, event.seconds, event.peak);
      open = undefined;
    } else if (open) open = { ...open, to: elapsed };
  }
  close();
  return stages;
}

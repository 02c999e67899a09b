import type { Progress } from './narrate.js';

/** Where a report goes: `process.stderr`, or anything that takes text. */
export type ReportStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number | undefined;
};

/** How progress is shown. Each call is the latest state of the same work. */
export interface ProgressView {
  /** `eta` is the time still needed, or empty while it is unknown. */
  show(progress: Progress, eta: string, time: number): void;
  /** The work is over, or something else is about to be written. */
  rest(): void;
}

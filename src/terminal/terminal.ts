import pc from 'picocolors';
import { formatDuration, ProgressEstimator } from '../core/progress.js';
import type { EventSink } from '../run/events.js';
import { type Line, narrate, type Progress } from './narrate.js';
import { PlainProgress } from './plain-progress.js';
import { ProgressBar } from './progress-bar.js';
import type { ProgressView, ReportStream } from './view.js';

/** What a terminal reporter may be told; the defaults suit a command line. */
export interface TerminalReporterOptions {
  /** Seconds on a clock that never goes back. */
  readonly clock?: () => number;
  /** Read for `NO_COLOR` and `TERM`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * Tells a run to someone watching: on a terminal a progress bar with the time still needed, and elsewhere (a file, a
 * pipe, `TERM=dumb`) plain lines now and then. A set `NO_COLOR` turns colours off.
 */
export class TerminalReporter {
  readonly #stream: ReportStream;
  readonly #clock: () => number;
  readonly #colours: ReturnType<typeof pc.createColors>;
  readonly #view: ProgressView;
  #seeds = 1;
  #work: { readonly label: string; readonly estimator: ProgressEstimator } | undefined;

  constructor(stream: ReportStream, options: TerminalReporterOptions = {}) {
    const environment = options.environment ?? process.env;
    const isTerminal = stream.isTTY === true && environment.TERM !== 'dumb';
    this.#stream = stream;
    this.#clock = options.clock ?? (() => performance.now() / 1000);
    this.#colours = pc.createColors(isTerminal && !environment.NO_COLOR);
    this.#view = isTerminal
      ? new ProgressBar(stream, this.#colours)
      : new PlainProgress((label, text) => this.#write(label, text));
  }

  readonly sink: EventSink = (event) => {
    if (event.type === 'evaluate-start') this.#seeds = event.seeds;
    const told = narrate(event, this.#seeds);
    if (told?.kind === 'progress') this.show(told);
    else if (told) this.#showLine(told);
  };

  /** Takes the progress bar off the terminal. Call it before anything else writes there, and at the end. */
  close(): void {
    this.#view.rest();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Shows how far some work is, beside what events tell. */
  show(progress: Progress): void {
    const now = this.#clock();
    if (this.#work?.label !== progress.label) {
      this.#view.rest();
      this.#work = { label: progress.label, estimator: estimatorFrom(progress, now) };
    }
    const { estimator } = this.#work;
    estimator.update(progress.done, now);
    const remaining = estimator.remaining();
    const eta = remaining && Number.isFinite(remaining) ? formatDuration(remaining) : '';
    this.#view.show(progress, eta, now);
  }

  #showLine({ label, text, tone }: Line): void {
    this.#view.rest();
    const { yellow, green, dim } = this.#colours;
    const plain = (content: string) => content;
    const paint = { warning: yellow, good: green, quiet: dim, plain }[tone];
    this.#write(label, paint(text));
  }

  #write(label: string, text: string): void {
    const head = label === '' ? '' : `${this.#colours.cyan(label.padEnd(8))}  `;
    this.#stream.write(`${head}${text}\n`);
  }
}

/** Starts from before the first unit seen where its duration is known, so that its rate counts at once. */
function estimatorFrom({ done, total, seconds }: Progress, now: number): ProgressEstimator {
  if (seconds === undefined) return new ProgressEstimator({ total, done, time: now });
  return new ProgressEstimator({ total, done: done - 1, time: now - seconds });
}

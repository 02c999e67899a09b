import pc from 'picocolors';
import { formatDuration, ProgressEstimator } from '../../../core/progress.js';
import type { Invocation } from '../../invocation.js';
import type { Progress } from '../../report/narrate.js';
import { PlainProgress } from '../../report/plain-progress.js';
import { ProgressBar } from '../../report/progress-bar.js';
import type { ProgressView } from '../../report/view.js';

/** Redrawing more often only costs time. */
const SECONDS_BETWEEN = 0.1;

/** Shows how far a long command is on standard error: a bar on a terminal, a line now and then elsewhere. */
export class DataProgress {
  readonly #view: ProgressView | undefined;
  #work: { label: string; estimator: ProgressEstimator; shown: number } | undefined;

  constructor(invocation: Invocation, { quiet }: { readonly quiet?: boolean }) {
    const { stderr } = invocation;
    if (quiet) return;
    const isTerminal = stderr.isTTY === true && process.env.TERM !== 'dumb';
    const colours = pc.createColors(isTerminal && !process.env.NO_COLOR);
    this.#view = isTerminal
      ? new ProgressBar(stderr, colours)
      : new PlainProgress((label, text) => stderr.write(`${label.padEnd(8)}  ${text}\n`));
  }

  /** @param label names the work; another label is other work. */
  show(label: string, done: number, total: number, detail: string): void {
    const now = performance.now() / 1000;
    const progress: Progress = { kind: 'progress', label, done, total, detail };
    if (this.#work?.label !== label) {
      this.#view?.rest();
      const estimator = new ProgressEstimator({ total, done, time: now });
      this.#work = { label, estimator, shown: Number.NEGATIVE_INFINITY };
    }
    const work = this.#work;
    if (now - work.shown < SECONDS_BETWEEN && done < total) return;
    work.shown = now;
    work.estimator.update(done, now);
    const remaining = work.estimator.remaining();
    const known = remaining !== undefined && remaining > 0 && Number.isFinite(remaining);
    this.#view?.show(progress, known ? formatDuration(remaining) : '', now);
  }

  [Symbol.dispose](): void {
    this.#view?.rest();
  }
}

import { type Options, SingleBar } from 'cli-progress';
import type pc from 'picocolors';
import type { Progress } from './narrate.js';
import type { ProgressView, ReportStream } from './view.js';

interface Payload {
  readonly label: string;
  readonly detail: string;
  readonly eta: string;
}

const longestBar = 28;
const shortestBar = 8;

/** Shows progress as one line that is drawn over and over: label, bar, detail, time still needed. */
export class ProgressBar implements ProgressView {
  readonly #bar: SingleBar;
  #drawn = false;

  constructor(stream: ReportStream, colours: ReturnType<typeof pc.createColors>) {
    const format: NonNullable<Options['format']> = (_options, { progress, maxWidth }, payload) =>
      barLine(payload, progress, maxWidth, colours);
    this.#bar = new SingleBar({
      format,
      stream,
      // Computation holds the thread between events, so the bar is drawn on update, not by a timer.
      synchronousUpdate: true,
      clearOnComplete: true,
      // The command line has its own answer to Ctrl-C.
      gracefulExit: false,
    });
  }

  show(progress: Progress, eta: string): void {
    const payload: Payload = { label: progress.label, detail: progress.detail, eta };
    if (this.#drawn) {
      this.#bar.update(progress.done, payload);
    } else {
      this.#bar.start(progress.total, progress.done, payload);
      this.#drawn = true;
    }
  }

  rest(): void {
    if (this.#drawn) this.#bar.stop();
    this.#drawn = false;
  }
}

/** The line for a terminal of `columns`, which the ends of the detail give way to. */
function barLine(
  { label, detail, eta }: Payload,
  share: number,
  columns: number,
  { cyan, dim }: ReturnType<typeof pc.createColors>,
): string {
  const head = label.padEnd(8);
  // The size depends on the terminal alone: a bar that breathed with its text would not show progress.
  const size = Math.max(shortestBar, Math.min(longestBar, Math.floor(columns / 5)));
  const filled = Math.floor(share * size);
  const bar = cyan('█'.repeat(filled)) + dim('░'.repeat(size - filled));
  const room = columns - 1 - head.length - 2 - size;
  const end = eta === '' ? '' : fittingPhrases(`eta ${eta}`, room);
  return `${cyan(head)}  ${bar}${fittingPhrases(detail, room - end.length)}${end}`;
}

/** As many of the phrases as there is room for, from the first, each after its two spaces. */
function fittingPhrases(phrases: string, room: number): string {
  let fitting = '';
  for (const phrase of phrases.split('  ')) {
    if (fitting.length + 2 + phrase.length > room) break;
    fitting += `  ${phrase}`;
  }
  return fitting;
}

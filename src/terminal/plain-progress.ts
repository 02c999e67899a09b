import type { Progress } from './narrate.js';
import type { ProgressView } from './view.js';

const secondsBetween = 10;
const shareBetween = 0.1;

/** Shows progress as lines: the first and the last, and between them one every 10 seconds or 10 percent. */
export class PlainProgress implements ProgressView {
  readonly #write: (label: string, text: string) => void;
  #last: { readonly label: string; readonly time: number; readonly share: number } | undefined;

  constructor(write: (label: string, text: string) => void) {
    this.#write = write;
  }

  show(progress: Progress, eta: string, time: number): void {
    const { label, done, total, detail } = progress;
    const share = done / total;
    const last = this.#last;
    const due =
      last?.label !== label ||
      done >= total ||
      time - last.time >= secondsBetween ||
      share - last.share >= shareBetween - 1e-9;
    if (!due) return;
    this.#last = { label, time, share };
    this.#write(label, eta === '' ? detail : `${detail}  eta ${eta}`);
  }

  rest(): void {
    // Lines need no tidying up; the cadence goes on across other lines.
  }
}

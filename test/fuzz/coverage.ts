import { Session } from 'node:inspector';

/** Code whose coverage counts: ours, and the libraries that parse for us. */
const COUNTED =
  /\/dist\/(data|tensor|exchange|tasks)\/|node_modules\/(hyparquet|fflate|yauzl|tar-stream|fzstd)/;

/** Counts grow by halves of orders: twice as many turns of a loop are news, one more is not. */
const classOf = (count: number): number => Math.floor(Math.log2(count));

/** Tells which inputs reach code, or repeat it as often, as no earlier one did, by V8's block coverage. */
export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** How many blocks have been seen, each as often as it was repeated. */
  get size(): number {
    return this.#seen.size;
  }

  /** How much was new since the last call. */
  news(): number {
    const before = this.#seen.size;
    this.#session.post('Profiler.takePreciseCoverage', (_, answer) => {
      for (const { url, scriptId, functions } of answer?.result ?? []) {
        if (!COUNTED.test(url)) continue;
        for (const { ranges } of functions) {
          for (const { startOffset, endOffset, count } of ranges) {
            if (count > 0)
              this.#seen.add(`${scriptId} ${startOffset} ${endOffset} ${classOf(count)}`);
          }
        }
      }
    });
    return this.#seen.size - before;
  }

  [Symbol.dispose](): void {
    this.#session.disconnect();
  }
}

import { scope } from 'ncfm/tensor';
import { summarizeTimes } from './statistics.js';

/** Seconds that `body` takes, and its result. */
export function timed<T>(body: () => T): { readonly value: T; readonly seconds: number } {
  const started = performance.now();
  const value = body();
  return { value, seconds: (performance.now() - started) / 1000 };
}

/** Median seconds of `body`, after two calls to warm up, over at least three calls and `atLeast` seconds. */
export function medianSeconds(body: () => unknown, atLeast: number): number {
  const once = (): number =>
    timed(() =>
      scope(() => {
        body();
      }),
    ).seconds;
  once();
  once();
  const seconds: number[] = [];
  for (let total = 0; total < atLeast || seconds.length < 3; total += seconds.at(-1)!) {
    seconds.push(once());
  }
  return summarizeTimes(seconds).median;
}

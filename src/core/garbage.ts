import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/**
 * Has JavaScript's garbage collected now. Node.js does so by itself, but late where much of it is no object of JavaScript's:
 * what loading a dataset has left stays for minutes.
 */
export async function collectGarbage(): Promise<void> {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  // Streams let go of their buffers a turn after they have been collected.
  for (let round = 0; round < 2; round++) {
    collect();
    await setImmediate();
  }
}

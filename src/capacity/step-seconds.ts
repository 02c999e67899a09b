import { yieldToEvents } from '../core/event-loop.js';

export interface Repetition {
  /** Whether the step is repeated until its time is known; otherwise each kind is done twice. */
  readonly timed: boolean;
  /** Steps of different kinds take turns; 1 when left out. */
  readonly kinds?: number;
  readonly signal?: AbortSignal | undefined;
}

/** After this many seconds, or this many turns, a step has been timed long enough. */
const longEnough = { seconds: 1.5, turns: 40 };

/** Repeats a step and gives the median duration of each of its kinds, in seconds. The first turn warms up and isn't counted. */
export async function stepSeconds(
  step: () => unknown,
  { timed, kinds = 1, signal }: Repetition,
): Promise<number[]> {
  const durations = Array.from({ length: kinds }, (): number[] => []);
  const started = performance.now();
  for (let turn = 0; turn <= longEnough.turns; turn++) {
    for (const kind of durations) {
      const before = performance.now();
      step();
      await yieldToEvents(signal);
      if (turn > 0) kind.push((performance.now() - before) / 1000);
    }
    const elapsed = (performance.now() - started) / 1000;
    if (turn > 0 && (!timed || elapsed > longEnough.seconds)) break;
  }
  return durations.map(median);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** The user's input is wrong: a setting, a flag, a name, a file. The command line exits with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The run itself failed. The command line exits with 1. */
export class FailureError extends Error {
  override readonly name = 'FailureError';
}

/** What was thrown, in words. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** Whether the engine had no memory left, on the processor or on a GPU, for what was to be computed. */
export function isOutOfMemory(error: unknown): boolean {
  return (
    error instanceof Error && /out of memory|can't allocate memory|bad_alloc/.test(error.message)
  );
}

/**
 * The candidate that a mistyped name most likely meant, for "did you mean" hints.
 *
 * @returns undefined if none is close: more than about a third of its letters differ.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    const limit = Math.max(1, Math.ceil(Math.max(name.length, candidate.length) / 3));
    if (distance > limit || distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** Damerau-Levenshtein distance (optimal string alignment): a swap of neighbours counts as one edit. */
function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let distance = Math.min(
        previous[column]! + 1,
        current[column - 1]! + 1,
        previous[column - 1]! + (same ? 0 : 1),
      );
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (row > 1 && column > 1 && swapped) {
        distance = Math.min(distance, beforePrevious[column - 2]! + 1);
      }
      current.push(distance);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[to.length]!;
}

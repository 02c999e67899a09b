/** A stage whose length is to be chosen: its cost, and the lengths between which it is worth its time. */
export interface Shared {
  /** Seconds that are spent whatever its length. */
  readonly fixed: number;
  /** Seconds of each step. */
  readonly each: number;
  /** Steps. */
  readonly least: number;
  readonly most: number;
  /** Its part of the time that is free, relative to the other stages'. */
  readonly weight: number;
}

/**
 * Whole steps of each stage, so that all together take so many seconds: each has its part of what the fixed costs leave,
 * within its bounds, and what one cannot use goes to the others. Undefined where even the least of all takes longer.
 */
export function shareTime(stages: readonly Shared[], seconds: number): number[] | undefined {
  const free = seconds - stages.reduce((sum, { fixed }) => sum + fixed, 0);
  const leastSeconds = ({ least, each }: Shared): number => least * each;
  if (stages.reduce((sum, stage) => sum + leastSeconds(stage), 0) > free) return undefined;
  const lengths: (number | undefined)[] = stages.map(() => undefined);
  for (;;) {
    const open = lengths.flatMap((length, index) => (length === undefined ? [index] : []));
    const spent = stages.reduce((sum, { each }, index) => sum + each * (lengths[index] ?? 0), 0);
    const weights = open.reduce((sum, index) => sum + stages[index]!.weight, 0);
    const share = (index: number): number => {
      const { weight, each } = stages[index]!;
      return ((free - spent) * weight) / weights / each;
    };
    // Who has too little takes from the others, so that they come first.
    const short = open.filter((index) => share(index) < stages[index]!.least);
    const long = open.filter((index) => share(index) > stages[index]!.most);
    const bound = short.length > 0 ? short : long;
    if (bound.length === 0) {
      for (const index of open) lengths[index] = share(index);
      return lengths.map((length) => Math.floor(length!));
    }
    for (const index of bound) {
      const { least, most } = stages[index]!;
      lengths[index] = short.length > 0 ? least : most;
    }
  }
}

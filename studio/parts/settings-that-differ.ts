import type { Fact } from '../../src/studio/view.js';

/** A setting on which configurations do not agree; undefined for one that lacks it. */
export interface DifferingSetting {
  readonly key: string;
  readonly values: readonly (string | undefined)[];
}

/** The settings on which not all configurations agree, in the order of the first one's. */
export function settingsThatDiffer(
  configurations: readonly (readonly Fact[])[],
): DifferingSetting[] {
  const maps = configurations.map((facts) => new Map(facts.map(({ key, value }) => [key, value])));
  const keys = new Set(maps.flatMap((map) => [...map.keys()]));
  return [...keys]
    .map((key) => ({ key, values: maps.map((map) => map.get(key)) }))
    .filter(({ values }) => new Set(values).size > 1);
}

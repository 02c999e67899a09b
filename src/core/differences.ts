/** A setting that two records do not agree on; a value is absent where one has no such setting. */
export interface Difference {
  /** The path of the setting: `distill.alpha`. */
  readonly key: string;
  readonly was: unknown;
  readonly now: unknown;
}

/** Where two records of JSON values differ, setting by setting; lists are settings as a whole. */
export function differences(was: object, now: object): Difference[] {
  const [before, after] = [settingsByPath(was), settingsByPath(now)];
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys]
    .map((key) => ({ key, was: before.get(key), now: after.get(key) }))
    .filter((one) => JSON.stringify(one.was) !== JSON.stringify(one.now));
}

/** One line for each difference: `distill.alpha: 0.5, now 0.3`. */
export function describeDifferences(found: readonly Difference[]): string {
  const text = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));
  return found.map(({ key, was, now }) => `  ${key}: ${text(was)}, now ${text(now)}`).join('\n');
}

/** The settings of a record of JSON values by their paths: `distill.alpha`. Lists are settings as a whole. */
export function settingsByPath(record: object, prefix = ''): Map<string, unknown> {
  const flat = new Map<string, unknown>();
  for (const [name, value] of Object.entries(record) as [string, unknown][]) {
    const nested = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!nested) flat.set(prefix + name, value);
    else for (const [key, item] of settingsByPath(value, `${prefix}${name}.`)) flat.set(key, item);
  }
  return flat;
}

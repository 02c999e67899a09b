import type { Plan } from './plan.js';

/** Settings that no distilled image depends on: a run that goes on may have others. */
export const laterSettings = [
  'name',
  'repeats',
  'snapshotEvery',
  'tracking',
  'checkpoint',
  'student',
  'evaluate',
  'wholeData',
  'search',
  'continual',
] as const satisfies readonly (keyof Plan)[];

/** Those of a plan that its distilled images depend on, beside the data, the device and the threads that are there. */
export function settingsOfImages(plan: Plan): Partial<Plan> {
  const others: readonly string[] = [...laterSettings, 'dataset', 'device', 'threads'];
  return Object.fromEntries(Object.entries(plan).filter(([key]) => !others.includes(key)));
}

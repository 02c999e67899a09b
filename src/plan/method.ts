import type { Plan } from './plan.js';

/** The name of the method that a plan distils with. */
export function methodOf(_plan: Plan): string {
  return 'ncfm';
}

/** How tables and charts call a set: the distilled one by the method that made it. */
export function labelOfSet(set: string, method: string): string {
  return set === 'distilled' ? method : set;
}

import { memoryKinds } from './continual-options.js';

/** How tables and charts call a set: the distilled one by the method that made it, unless another set is called so. */
export function labelOfSet(set: string, method: string): string {
  const taken: readonly string[] = memoryKinds;
  return set === 'distilled' && !taken.includes(method) ? method : set;
}

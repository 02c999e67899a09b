/** How tables and charts call a set: the distilled one by the method that made it. */
export function labelOfSet(set: string, method: string): string {
  return set === 'distilled' ? method : set;
}

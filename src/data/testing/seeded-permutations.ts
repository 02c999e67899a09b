import type { PermutationSource } from '../dataset/class-sampler.js';

/** A small seeded source of permutations (xorshift32 and Fisher–Yates), needing no native code. */
export function seededPermutations(seed: number): PermutationSource {
  let state = (seed ^ 0x9e3779b9) | 1;
  const below = (limit: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  return {
    permutation(length) {
      const order = Int32Array.from({ length }, (_, index) => index);
      for (let last = length - 1; last > 0; last--) {
        const other = below(last + 1);
        [order[last], order[other]] = [order[other]!, order[last]!];
      }
      return order;
    },
  };
}

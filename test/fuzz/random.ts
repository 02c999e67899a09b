/** Whole numbers that depend on nothing but the seed (Marsaglia's xorshift of 32 bits). */
export class Random {
  #state: number;

  constructor(seed: number) {
    // Neighbouring seeds would begin alike, and 0 would stay 0.
    this.#state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  }

  /** From 0 to below the limit. */
  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

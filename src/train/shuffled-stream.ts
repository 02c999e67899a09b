import type { RandomGenerator } from '../tensor/index.js';

/** The order of the current pass over the source, and how many of it are used. */
export interface StreamState {
  readonly order: Int32Array<ArrayBuffer>;
  readonly used: number;
}

/** An endless stream of positions, in a new random order at each pass over the source. */
export class ShuffledStream {
  readonly #size: number;
  readonly #random: RandomGenerator;
  #order = new Int32Array(0);
  #used = 0;

  constructor(size: number, random: RandomGenerator) {
    this.#size = size;
    this.#random = random;
  }

  getState(): StreamState {
    return { order: this.#order, used: this.#used };
  }

  setState({ order, used }: StreamState): void {
    this.#order = order;
    this.#used = used;
  }

  next(count: number): Int32Array {
    const positions = new Int32Array(count);
    for (let filled = 0; filled < count; filled++) {
      if (this.#used === this.#order.length) {
        this.#order = new Int32Array(this.#random.permutation(this.#size));
        this.#used = 0;
      }
      positions[filled] = this.#order[this.#used++]!;
    }
    return positions;
  }
}

import type { PermutationSource } from '../../data/index.js';

/**
 * Counts forgetting events (Toneva et al., ICLR 2019): how often an image that was classified correctly at one look is
 * classified wrongly at the next.
 */
export class ForgettingCounter {
  readonly #events: Int32Array;
  readonly #correct: Uint8Array;
  readonly #learnt: Uint8Array;

  constructor(images: number) {
    this.#events = new Int32Array(images);
    this.#correct = new Uint8Array(images);
    this.#learnt = new Uint8Array(images);
  }

  /** Records a look at some images: `correct[i]` tells whether the image at `positions[i]` was classified correctly. */
  record(positions: ArrayLike<number>, correct: ArrayLike<boolean>): void {
    for (let index = 0; index < positions.length; index++) {
      const position = positions[index]!;
      const now = correct[index]! ? 1 : 0;
      if (this.#correct[position] === 1 && now === 0) this.#events[position]! += 1;
      this.#correct[position] = now;
      if (now === 1) this.#learnt[position] = 1;
    }
  }

  /** The score of each image: its forgetting events; infinite for one that was never classified correctly. */
  scores(): Float64Array {
    return Float64Array.from(this.#events, (events, position) =>
      this.#learnt[position] === 1 ? events : Number.POSITIVE_INFINITY,
    );
  }
}

/**
 * The positions of the `count` highest scores, the highest first; equal scores are in random order.
 *
 * @param scores as `ForgettingCounter` gives them
 */
export function mostForgotten(
  scores: ArrayLike<number>,
  count: number,
  random: PermutationSource,
): Int32Array {
  const order = Array.from(random.permutation(scores.length));
  // Infinite scores are equal, which their difference would not tell.
  const compare = (a: number, b: number): number => (a === b ? 0 : b - a);
  order.sort((a, b) => compare(scores[a]!, scores[b]!));
  return Int32Array.from(order.slice(0, count));
}

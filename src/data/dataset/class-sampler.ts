import { UsageError } from '../../core/errors.js';
import { indicesByClass } from './dataset.js';

/** All the randomness that this room needs. A `RandomGenerator` is one. */
export interface PermutationSource {
  /** The numbers 0..length-1 in a random order. */
  permutation(length: number): Int32Array;
}

/** Where a `ClassSampler` stands; plain JSON, for checkpoints. */
export interface ClassSamplerState {
  /** One entry per group: the current epoch's order (positions in the group), and how many are drawn. */
  readonly groups: readonly { readonly order: readonly number[]; readonly drawn: number }[];
}

interface Deck {
  readonly members: Int32Array;
  order: Int32Array;
  drawn: number;
}

/**
 * Draws images group by group: without replacement within an epoch of the group, in a fresh random
 * order for each epoch. A group is a class, or a cluster within one.
 */
export class ClassSampler {
  readonly #decks: readonly Deck[];
  readonly #random: PermutationSource;

  /**
   * @param groups dataset indices of each group. An empty group is allowed until it is drawn from.
   * @param random shuffles a group when its epoch begins, on the first draw that needs it.
   */
  constructor(groups: readonly Int32Array[], random: PermutationSource) {
    // No order yet, so that constructing draws no randomness: the first draw begins an epoch.
    this.#decks = groups.map((members) => ({ members, order: new Int32Array(0), drawn: 0 }));
    this.#random = random;
  }

  /**
   * A sampler whose groups are the classes.
   *
   * @param labels one label per image, each in 0..classes-1.
   */
  static forClasses(
    labels: ArrayLike<number>,
    classes: number,
    random: PermutationSource,
  ): ClassSampler {
    return new ClassSampler(indicesByClass(labels, classes), random);
  }

  get groupCount(): number {
    return this.#decks.length;
  }

  /**
   * The next images of a group. A draw may span epochs, so it may ask for more than the group holds.
   *
   * @param group the class (or cluster) number, 0..groupCount-1.
   * @param count how many, a whole number from 0.
   * @returns dataset indices, [count].
   * @throws UsageError if there is no such group, it has no images, or the count is invalid.
   */
  next(group: number, count: number): Int32Array {
    const deck = this.#deck(group);
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new UsageError(`can't draw ${count} images; expected a whole number from 0`);
    }
    const indices = new Int32Array(count);
    for (let filled = 0; filled < count; filled++) {
      if (deck.drawn === deck.order.length) {
        deck.order = this.#random.permutation(deck.members.length);
        deck.drawn = 0;
      }
      indices[filled] = deck.members[deck.order[deck.drawn++]!]!;
    }
    return indices;
  }

  /** A copy of the position in every group. It does not include the random generator's own state. */
  getState(): ClassSamplerState {
    return {
      groups: this.#decks.map(({ order, drawn }) => ({ order: Array.from(order), drawn })),
    };
  }

  /**
   * Goes on from where `getState` was called on a sampler of the same groups.
   *
   * @throws UsageError if the state does not fit these groups; nothing is changed then.
   */
  setState(state: ClassSamplerState): void {
    if (state.groups.length !== this.#decks.length) {
      throw new UsageError(
        `the sampler's saved state has ${state.groups.length} groups, but there are ` +
          `${this.#decks.length}: it belongs to another dataset or grouping`,
      );
    }
    for (const [group, deck] of this.#decks.entries()) {
      checkSaved(state.groups[group]!, deck.members.length, group);
    }
    for (const [group, deck] of this.#decks.entries()) {
      const saved = state.groups[group]!;
      deck.order = Int32Array.from(saved.order);
      deck.drawn = saved.drawn;
    }
  }

  #deck(group: number): Deck {
    const deck = this.#decks[group];
    if (deck === undefined) {
      throw new UsageError(
        `there is no group ${group} to draw from; expected a whole number from 0 to ${this.groupCount - 1}`,
      );
    }
    if (deck.members.length === 0) {
      throw new UsageError(`group ${group} has no images to draw from`);
    }
    return deck;
  }
}

function checkSaved(
  { order, drawn }: ClassSamplerState['groups'][number],
  size: number,
  group: number,
): void {
  const begun = order.length > 0;
  const distinct = new Set(order);
  const complete =
    order.length === size &&
    distinct.size === size &&
    order.every((position) => Number.isInteger(position) && position >= 0 && position < size);
  const reached = Number.isInteger(drawn) && drawn >= 0 && drawn <= order.length;
  if ((!begun || complete) && reached) return;
  throw new UsageError(
    `the sampler's saved state does not fit group ${group}: it has ${order.length} positions, ` +
      `${drawn} of them drawn, for a group of ${size}: it belongs to another dataset, or is damaged`,
  );
}

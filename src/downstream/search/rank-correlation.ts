/**
 * How well one list of scores puts the same things in order as another: 1 in the same order, −1 in the opposite one,
 * undefined where either gives all the same score, or there are fewer than two things. Both count ties as ties.
 */
export interface RankCorrelation {
  /** Spearman's ρ: Pearson's correlation of the ranks, equal scores sharing the mean of theirs. */
  readonly spearman?: number;
  /** Kendall's τ-b: (concordant − discordant pairs) / √(pairs untied in the one · pairs untied in the other). */
  readonly kendall?: number;
}

/** Throws RangeError for lists of unequal length. */
export function rankCorrelation(one: readonly number[], other: readonly number[]): RankCorrelation {
  if (one.length !== other.length) {
    throw new RangeError(`${one.length} scores cannot be compared with ${other.length}`);
  }
  const spearman = pearson(ranks(one), ranks(other));
  const kendall = kendallTauB(one, other);
  return {
    ...(spearman !== undefined && { spearman }),
    ...(kendall !== undefined && { kendall }),
  };
}

/** Ranks from 1, the lowest score first; equal scores share the mean of the ranks that they fill. */
export function ranks(scores: readonly number[]): number[] {
  return scores.map((score) => {
    const below = scores.filter((other) => other < score).length;
    const equal = scores.filter((other) => other === score).length;
    return below + (equal + 1) / 2;
  });
}

function pearson(one: readonly number[], other: readonly number[]): number | undefined {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanOne, meanOther] = [mean(one), mean(other)];
  let [product, squaresOne, squaresOther] = [0, 0, 0];
  for (const [index, value] of one.entries()) {
    const [x, y] = [value - meanOne, other[index]! - meanOther];
    product += x * y;
    squaresOne += x * x;
    squaresOther += y * y;
  }
  const scale = Math.sqrt(squaresOne * squaresOther);
  return scale > 0 ? product / scale : undefined;
}

function kendallTauB(one: readonly number[], other: readonly number[]): number | undefined {
  let [balance, untiedOne, untiedOther] = [0, 0, 0];
  for (let first = 0; first < one.length; first++) {
    for (let second = first + 1; second < one.length; second++) {
      const x = Math.sign(one[second]! - one[first]!);
      const y = Math.sign(other[second]! - other[first]!);
      balance += x * y;
      untiedOne += x * x;
      untiedOther += y * y;
    }
  }
  const scale = Math.sqrt(untiedOne * untiedOther);
  return scale > 0 ? balance / scale : undefined;
}

/**
 * What choosing by a proxy costs: the best accuracy there is, less the best among the `top` things that the proxy puts
 * first (of equal ones those that come first in the list); 0 or more, in the accuracies' unit. Throws RangeError for
 * lists of unequal length, or none.
 */
export function topRegret(
  proxy: readonly number[],
  accuracies: readonly number[],
  top: number,
): number {
  if (proxy.length !== accuracies.length || proxy.length === 0) {
    throw new RangeError(`${proxy.length} scores for ${accuracies.length} accuracies`);
  }
  const chosen = proxy
    .map((score, index) => ({ score, accuracy: accuracies[index]! }))
    .sort((a, b) => b.score - a.score)
    .slice(0, top);
  return Math.max(...accuracies) - Math.max(...chosen.map(({ accuracy }) => accuracy));
}

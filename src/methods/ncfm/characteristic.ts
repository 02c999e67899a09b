import { cat, characteristicMeans, gpuOptions, scope, type Tensor } from '../../tensor/index.js';

/** A characteristic function sampled at T frequencies, one row per group of features: both parts are [groups, T]. */
export interface CharacteristicFunction {
  /** Mean of cosines. */
  readonly real: Tensor;
  /** Mean of sines. */
  readonly imaginary: Tensor;
}

/**
 * The empirical characteristic functions of groups of features (the paper's eq. 4):
 * Φ(t) = 1/N Σ exp(j⟨t, f⟩) over the N rows of each group. On the CPU in single precision by a kernel of our own, which
 * never holds all phases ⟨t, f⟩ of large inputs.
 *
 * @param features [groups · N, d], the rows of a group one after another
 * @param frequencies [T, d]
 */
export function characteristicFunction(
  features: Tensor,
  frequencies: Tensor,
  groups: number,
): CharacteristicFunction {
  const { projection } = gpuOptions();
  const [real, imaginary] = characteristicMeans(features, frequencies, groups, projection);
  return { real, imaginary };
}

/**
 * Merges neighbouring groups of equal size into `groups` larger ones: the characteristic function of a union of equal
 * parts is the mean of theirs, so no projection is computed again.
 */
export function mergeGroups(fine: CharacteristicFunction, groups: number): CharacteristicFunction {
  const [parts, frequencies] = [fine.real.size(0), fine.real.size(1)];
  if (parts === groups) return fine;
  const merge = (part: Tensor): Tensor =>
    part.reshape([groups, parts / groups, frequencies]).mean([1]);
  return scope(() => ({ real: merge(fine.real), imaginary: merge(fine.imaginary) }));
}

/** The characteristic functions of the same groups at several sets of frequencies as one, at all of them. */
export function joinFrequencies(parts: readonly CharacteristicFunction[]): CharacteristicFunction {
  if (parts.length === 1) return parts[0]!;
  return {
    real: cat(
      parts.map(({ real }) => real),
      1,
    ),
    imaginary: cat(
      parts.map(({ imaginary }) => imaginary),
      1,
    ),
  };
}

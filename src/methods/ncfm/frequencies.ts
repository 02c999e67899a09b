import { noGrad, type RandomGenerator, scope, type Tensor } from '../../tensor/index.js';

/**
 * Frequencies [count, dimension], each component normal with standard deviation `scale`.
 */
export function gaussianFrequencies(
  count: number,
  dimension: number,
  scale: number,
  random: RandomGenerator,
): Tensor {
  return scope(() => random.normal([count, dimension]).mul_(scale));
}

/**
 * The frequency scale for which the phases ⟨t, f⟩ of one class spread by about one radian: σ = 1.2 / √V, with
 * V = mean over classes of 1 − |mean feature|², the variance of the normalised features within a class. Much smaller
 * frequencies see the class means only, much larger ones see noise.
 *
 * @param features normalised rows [classes · n, d], class by class; |mean|² is corrected for the n samples. n = 1 says
 * nothing about the variance: the result is then the upper limit, 120.
 */
export function automaticScale(features: Tensor, classes: number): number {
  using variances = classVariances(features, classes);
  return scaleFor(variances);
}

/** 1 − |mean feature|² of each class [classes]. */
export function classVariances(features: Tensor, classes: number): Tensor {
  return scope(() =>
    noGrad(() => {
      const rows = features.size(0) / classes;
      const means = features.reshape([classes, rows, features.size(1)]).mean([1]);
      return means
        .square()
        .sum([1])
        .neg()
        .add(1)
        .mul(rows / Math.max(1, rows - 1));
    }),
  );
}

/** The scale for the variances of all classes; see `automaticScale`. */
export function scaleFor(variances: Tensor): number {
  using variance = variances.mean();
  return 1.2 / Math.sqrt(Math.max(variance.item(), 1e-4));
}

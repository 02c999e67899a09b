import { full, noGrad, type RandomGenerator, scope, type Tensor } from '../../tensor/index.js';

/**
 * Frequencies [count, dimension], each component normal with standard deviation `scale`, where it is a tensor a scalar.
 */
export function gaussianFrequencies(
  count: number,
  dimension: number,
  scale: number | Tensor,
  random: RandomGenerator,
): Tensor {
  return scope(() => {
    const values = random.normal([count, dimension]);
    return typeof scale === 'number' ? values.mul_(scale) : values.mul(scale);
  });
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
  using scale = scope(() => scaleFor(classVariances(features, classes)));
  return scale.item();
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

/** The scale for the variances of all classes as a scalar, float64, on their device; see `automaticScale`. */
export function scaleFor(variances: Tensor): Tensor {
  return scope(() => {
    const variance = variances.mean().to('float64').clamp(1e-4);
    return full([], 1.2, { dtype: 'float64', device: variance.device }).div(variance.sqrt());
  });
}

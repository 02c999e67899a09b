import { ClassSampler, type Dataset, indicesByClass } from '../data/index.js';
import type { RandomGenerator } from '../tensor/index.js';

/**
 * So many images of each class, class by class [classes · perClass]: dataset indices, none twice unless the class has fewer.
 */
export function drawRealImages(
  { labels, classNames }: Pick<Dataset, 'labels' | 'classNames'>,
  perClass: number,
  random: RandomGenerator,
): number[] {
  const classes = indicesByClass(labels, classNames.length);
  const sampler = new ClassSampler(classes, random);
  return classes.flatMap((_, label) => [...sampler.next(label, perClass)]);
}

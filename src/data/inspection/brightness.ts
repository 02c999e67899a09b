/** Means, in [0, 1], of sets of pictures that are not mistaken lie between these. */
const darkest = 0.05;
const brightest = 0.95;

/**
 * What is to be said of a set whose images are almost black or almost white, as they are when their values are taken
 * for others; nothing for usual ones.
 *
 * @param mean of every channel of the training images, in [0, 1].
 */
export function remarkableBrightness(name: string, mean: readonly number[]): string | undefined {
  const overall = mean.reduce((sum, value) => sum + value, 0) / mean.length;
  if (!(overall < darkest || overall > brightest)) return undefined;
  const shade = overall < darkest ? 'black' : 'white';
  return (
    `the training images of ${name} are almost ${shade}: their mean is ${overall.toFixed(3)}, where 0 is black and 1 is ` +
    'white. If that is not how they are, their values were taken for others than they are; ncfm data show draws them'
  );
}

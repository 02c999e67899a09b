import { UsageError } from '../core/index.js';
import { noGrad, scope, type Tensor, tensor } from '../tensor/index.js';

export interface UnnormalizedOptions {
  /** Where the images come from, for errors to name. */
  readonly source: string;
  readonly normalized?:
    | { readonly mean: readonly number[]; readonly std: readonly number[] }
    | undefined;
}

/** How far beyond [0, 1] a pixel may be by rounding. */
const tolerance = 1e-3;

/**
 * Images [n, c, h, w] in [0, 1], from such images or from normalised ones; rounding beyond the range is cut off (and
 * with normalised ones, whatever an optimiser left beyond it).
 *
 * @throws UsageError for pixels that are no numbers, that are beyond [0, 1] though the images are not said to be
 *   normalised, or for a mean or deviation of other channels than the images'.
 */
export function unnormalized(images: Tensor, { source, normalized }: UnnormalizedOptions): Tensor {
  return scope(() =>
    noGrad(() => {
      const pixels = normalized ? restored(images, normalized, source) : images;
      const lowest = pixels.neg().max().item() * -1;
      const highest = pixels.max().item();
      if (!(Number.isFinite(lowest) && Number.isFinite(highest))) {
        throw new UsageError(`${source}: its images hold values that are not finite numbers`);
      }
      if (!normalized && (lowest < -tolerance || highest > 1 + tolerance)) {
        throw new UsageError(
          `${source}: its pixels go from ${lowest.toPrecision(4)} to ${highest.toPrecision(4)}; expected 0 to 1. If the images were normalised, say so: --normalized, or the option \`normalized\``,
        );
      }
      return pixels.clamp(0, 1);
    }),
  );
}

function restored(
  images: Tensor,
  { mean, std }: NonNullable<UnnormalizedOptions['normalized']>,
  source: string,
): Tensor {
  const channels = images.size(1);
  if (mean.length !== channels || std.length !== channels) {
    throw new UsageError(
      `${source}: its images have ${channels} channels, the normalisation is for ${mean.length}`,
    );
  }
  const perChannel = (values: readonly number[]): Tensor =>
    tensor(Float32Array.from(values), [1, channels, 1, 1]);
  return images.mul(perChannel(std)).add(perChannel(mean));
}

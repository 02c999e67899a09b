import type { Normalization } from '../core/image-shape.js';
import { UsageError } from '../core/index.js';
import { scope, type Tensor } from '../tensor/index.js';
import { batchSize } from './images.js';
import { addcmul, constantLike } from './operators.js';

/**
 * Subtracts each channel's mean and divides by its standard deviation: [n, c, h, w] in [0, 1] to the same shape,
 * differentiable. Throws UsageError unless there are c means and c positive standard deviations.
 */
export function normalize(images: Tensor, statistics: Normalization): Tensor {
  return scope(() => {
    checkStatistics(statistics, batchSize(images).channels);
    const { mean, std } = statistics;
    return perChannel(
      images,
      std.map((deviation) => 1 / deviation),
      mean.map((value, channel) => -value / std[channel]!),
    );
  });
}

/** The inverse of `normalize`: normalised images [n, c, h, w] back to [0, 1], not clamped. Throws as `normalize` does. */
export function denormalize(images: Tensor, statistics: Normalization): Tensor {
  return scope(() => {
    checkStatistics(statistics, batchSize(images).channels);
    return perChannel(images, statistics.std, statistics.mean);
  });
}

function perChannel(images: Tensor, scale: readonly number[], shift: readonly number[]): Tensor {
  const shape = [1, scale.length, 1, 1];
  return addcmul(constantLike(shift, shape, images), images, constantLike(scale, shape, images));
}

function checkStatistics({ mean, std }: Normalization, channels: number): void {
  if (mean.length !== channels || std.length !== channels) {
    throw new UsageError(
      `images of ${channels} channels need ${channels} means and standard deviations to be normalised, got ${mean.length} and ${std.length}`,
    );
  }
  const wrong = std.findIndex((deviation) => !(deviation > 0));
  if (wrong >= 0) {
    throw new UsageError(
      `the standard deviation of channel ${wrong} must be positive, got ${std[wrong]}`,
    );
  }
}

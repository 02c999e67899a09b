import type { ImageShape } from '../../core/image-shape.js';
import { type Device, type Tensor, tensor, toDeviceOf } from '../../tensor/index.js';
import type { Dataset, Pixels } from './dataset.js';

/** Images and their labels as a network takes them. */
export interface Batch {
  /** float32 [n, channels, height, width], in [0, 1]: not normalised. */
  readonly images: Tensor;
  /** int64 [n] */
  readonly labels: Tensor;
}

/**
 * Images as a tensor: float32 [count, channels, height, width] in [0, 1], whatever they are stored as.
 *
 * @param device where to put it. Bytes travel as bytes, a quarter of the traffic.
 * @throws if there are not exactly `count` images of this shape.
 */
export function pixelsToTensor(
  pixels: Pixels,
  count: number,
  { channels, height, width }: ImageShape,
  device: Device = 'cpu',
): Tensor {
  using host = tensor(pixels, [count, channels, height, width]);
  if (pixels instanceof Float32Array) return toDeviceOf(host, device);
  using bytes = toDeviceOf(host, device);
  using floats = bytes.to('float32');
  return floats.div(255);
}

/**
 * Some of a dataset's images, with their labels, as tensors.
 *
 * @throws UsageError if an index does not exist.
 */
export function batch(dataset: Dataset, indices: ArrayLike<number>, device: Device = 'cpu'): Batch {
  const images = pixelsToTensor(dataset.read(indices), indices.length, dataset.shape, device);
  const chosen = BigInt64Array.from({ length: indices.length }, (_, row) =>
    BigInt(dataset.labels[indices[row]!]!),
  );
  using labels = tensor(chosen);
  return { images, labels: toDeviceOf(labels, device) };
}

import type { ImageShape } from '../../core/image-shape.js';
import { type Device, scope, type Tensor, tensorOn } from '../../tensor/index.js';
import type { Dataset, Pixels } from './dataset.js';
import { checkIndices } from './indices.js';
import { residentPixels } from './resident.js';

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
  const there = tensorOn(device, pixels, [count, channels, height, width]);
  if (pixels instanceof Float32Array) return there;
  using bytes = there;
  using floats = bytes.to('float32');
  return floats.div(255);
}

/**
 * Some of a dataset's images as `pixelsToTensor` gives them; gathered on the device where its pixels are there.
 *
 * @throws UsageError if an index does not exist.
 */
export function imagesOf(dataset: Dataset, indices: ArrayLike<number>, device: Device): Tensor {
  const pixels = residentPixels(dataset, device);
  if (pixels === undefined) {
    return pixelsToTensor(dataset.read(indices), indices.length, dataset.shape, device);
  }
  checkIndices(indices, dataset.labels.length, `${dataset.name} ${dataset.split}`);
  return scope(() => {
    const chosen = pixels.indexSelect(0, tensorOn(device, Int32Array.from(indices)));
    return pixels.dtype === 'uint8' ? chosen.to('float32').div(255) : chosen;
  });
}

/**
 * Some of a dataset's images, with their labels, as tensors.
 *
 * @throws UsageError if an index does not exist.
 */
export function batch(dataset: Dataset, indices: ArrayLike<number>, device: Device = 'cpu'): Batch {
  const images = imagesOf(dataset, indices, device);
  const chosen = BigInt64Array.from({ length: indices.length }, (_, row) =>
    BigInt(dataset.labels[indices[row]!]!),
  );
  return { images, labels: tensorOn(device, chosen) };
}

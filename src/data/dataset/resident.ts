import { spans } from '../../core/spans.js';
import {
  type Device,
  deviceMemory,
  gpuOptions,
  keep,
  scope,
  type Tensor,
  tensorOn,
  zeros,
} from '../../tensor/index.js';
import { type Dataset, pixelsPerImage } from './dataset.js';

/** Datasets whose pixels are on a device, as [n, channels, height, width] of the type that they are stored in. */
const residents = new WeakMap<Dataset, Tensor>();

/** Images that are sent at once. */
const sentAtOnce = 4096;

/** Of the free memory: the rest is for what is computed. */
const largestShare = 0.25;
/** Where the free memory is not known. */
const largestUnknown = 1024 ** 3;

/**
 * Puts a dataset's pixels on a device until the result is disposed, so that batches of it are gathered there. Does nothing
 * on the CPU, for a dataset that is there already, and for one that `gpuOptions` do not want there.
 */
export function keepResident(dataset: Dataset, device: Device): Disposable {
  if (device === 'cpu' || residents.has(dataset) || !belongs(dataset, device)) {
    return { [Symbol.dispose]: () => {} };
  }
  const pixels = keep(scope(() => sent(dataset, device)));
  residents.set(dataset, pixels);
  return {
    [Symbol.dispose]: () => {
      residents.delete(dataset);
      pixels.dispose();
    },
  };
}

/** The pixels of a dataset that is on a device. */
export function residentPixels(dataset: Dataset, device: Device): Tensor | undefined {
  const pixels = residents.get(dataset);
  return pixels?.device === device ? pixels : undefined;
}

function belongs({ labels, shape, read }: Dataset, device: Device): boolean {
  const { residentData } = gpuOptions();
  if (residentData !== 'auto') return residentData === 'always' && labels.length > 0;
  if (labels.length === 0) return false;
  const bytes = labels.length * pixelsPerImage(shape) * read([0]).BYTES_PER_ELEMENT;
  const free = deviceMemory(device)?.free;
  return bytes <= (free === undefined ? largestUnknown : largestShare * free);
}

function sent(dataset: Dataset, device: Device): Tensor {
  const { channels, height, width } = dataset.shape;
  const shape = [channels, height, width];
  const dtype = dataset.read([0]) instanceof Float32Array ? 'float32' : 'uint8';
  const all = zeros([dataset.labels.length, ...shape], { dtype, device });
  for (const { start, length } of spans(dataset.labels.length, sentAtOnce)) {
    scope(() => {
      const indices = Int32Array.from({ length }, (_, row) => start + row);
      all
        .narrow(0, start, length)
        .copy_(tensorOn(device, dataset.read(indices), [length, ...shape]));
    });
  }
  return all;
}

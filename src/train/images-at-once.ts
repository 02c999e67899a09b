import type { ImageShape } from '../core/image-shape.js';
import { type Device, deviceMemory } from '../tensor/index.js';

/** Images that go through a network together where more bring no more speed. */
export interface ImagesAtOnce {
  /** Without gradients. */
  readonly forward: number;
  readonly backward: number;
}

/** Those that keep the processor's caches warm. */
const onProcessor: ImagesAtOnce = { forward: 256, backward: 128 };

/** Maps of the images' own size, 128 channels of float32, that a network is taken to hold of an image. */
const mapsHeld = { forward: 2, backward: 8 };
const bytesPerPixel = 128 * 4;
/** Of a card's free memory, and what is taken for it where it is not known. */
const share = 0.25;
const unknownMemory = 8 * 1024 ** 3;
/** From here on a card has enough to do at once. */
const most = 8192;

/**
 * What goes through a network at once where nothing else is asked for: on the CPU by its caches, on a GPU as much as a
 * quarter of its free memory holds of a usual ConvNet's maps, for small batches leave it idle.
 */
export function usualImagesAtOnce(
  device: Device,
  { height, width }: Pick<ImageShape, 'height' | 'width'>,
  free = deviceMemory(device)?.free ?? unknownMemory,
): ImagesAtOnce {
  if (device === 'cpu') return onProcessor;
  const within = (maps: number): number => {
    const images = Math.floor((share * free) / (maps * bytesPerPixel * height * width));
    return Math.min(most, Math.max(onProcessor.backward, images));
  };
  return { forward: within(mapsHeld.forward), backward: within(mapsHeld.backward) };
}

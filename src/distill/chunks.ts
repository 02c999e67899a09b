import type { ImageSize } from '../augment/index.js';
import type { Device } from '../tensor/index.js';
import { usualImagesAtOnce } from '../train/images-at-once.js';

/** How much of an iteration is in memory at once. Results do not depend on it but for the last digits. */
export interface Chunks {
  /** Real images that go through the extractor at once, without gradient. */
  readonly real: number;
  /** Classes whose synthetic images go through the networks at once, forward and backward. */
  readonly synthetic: number;
}

/** The sizes that chunks are made of. */
export interface ChunkedSizes {
  readonly classes: number;
  readonly realPerClass: number;
  readonly decodedPerClass: number;
}

/** The chunks that are used when nothing else is asked for, for images of a shape on a device. */
export function usualChunks(sizes: ChunkedSizes, device: Device, shape: ImageSize): Chunks {
  const { forward, backward } = usualImagesAtOnce(device, shape);
  return {
    real: wholeClasses(forward, sizes.realPerClass),
    synthetic: Math.min(sizes.classes, Math.max(1, Math.floor(backward / sizes.decodedPerClass))),
  };
}

/** At most `images` as whole classes where they fit: a class that is cut is augmented in two pieces. */
export function wholeClasses(images: number, perClass: number): number {
  return images > perClass ? images - (images % perClass) : images;
}

/** How much of its work a run does at once. Results do not depend on it but for the last digits. */
export interface TaskChunks extends Chunks {
  /** Images classified at once when a network is tested. */
  readonly test: number;
}

import { createHash } from 'node:crypto';
import type { ImageShape, Normalization } from '../../core/image-shape.js';
import { checkIndices } from './indices.js';

/** Image values: bytes in 0..255, or floats in [0, 1]. Always row-major [n, channels, height, width]. */
export type Pixels = Uint8Array | Float32Array;

/** One part of a labelled set, whatever its images are stored as. */
export interface LabelledPart {
  /** Name of the whole set, such as `fashion-mnist`. */
  readonly name: string;
  /** Which part of the set this is: `train`, `test`, `validation`… */
  readonly split: string;
  readonly shape: ImageShape;
  /** One name per class; its length is the number of classes. */
  readonly classNames: readonly string[];
  /** One label per image, each in 0..classes-1; its length is the number of images. */
  readonly labels: Int32Array;
}

/** ZCA by the training images' covariance and a tenth; see `whitenedParts`. */
export type Whitening = 'zca';

/** Labelled images of one size. Every reader of every source format produces this. */
export interface Dataset extends LabelledPart {
  readonly normalization: Normalization;
  /** What was done to pixels beforehand; absent where nothing was. */
  readonly whitening?: Whitening;
  /** SHA-256 (hex) over shape, labels and pixels; computed when first asked for. */
  readonly hash: string;
  /**
   * Copies images out, in the order asked for; an index may repeat.
   *
   * @returns [indices.length, channels, height, width], row-major.
   * @throws UsageError if an index is not an integer in 0..images-1.
   */
  read(indices: ArrayLike<number>): Pixels;
}

/** A picture that was left out of a part because it is damaged or missing. */
export interface SkippedPicture {
  readonly split: string;
  /** Its file, and its place in it where that holds several. */
  readonly place: string;
  readonly reason: string;
}

/** The two parts that every source comes in. */
export interface DatasetPair {
  readonly train: Dataset;
  readonly test: Dataset;
  /** Pictures that are in neither part; absent if there are none. */
  readonly skipped?: readonly SkippedPicture[];
}

/** A dataset whose images `gather` copies out, at indices that exist, and whose hash is computed when it is asked for. */
export function datasetOf(
  part: Omit<Dataset, 'hash' | 'read'>,
  computeHash: () => string,
  gather: Dataset['read'],
): Dataset {
  let hash: string | undefined;
  return {
    ...part,
    get hash() {
      hash ??= computeHash();
      return hash;
    },
    read(indices) {
      checkIndices(indices, part.labels.length, `${part.name} ${part.split}`);
      return gather(indices);
    },
  };
}

/** How many values one image holds. */
export function pixelsPerImage(shape: ImageShape): number {
  return shape.channels * shape.height * shape.width;
}

/**
 * The positions of each class's images, ascending.
 *
 * @param labels one label per image, each in 0..classes-1.
 * @returns one array per class; empty for a class with no images.
 */
export function indicesByClass(labels: ArrayLike<number>, classes: number): Int32Array[] {
  const counts = new Int32Array(classes);
  for (let index = 0; index < labels.length; index++) counts[labels[index]!]!++;
  const groups = Array.from(counts, (count) => new Int32Array(count));
  const filled = new Int32Array(classes);
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index]!;
    groups[label]![filled[label]!++] = index;
  }
  return groups;
}

/**
 * SHA-256 (hex) over shape, labels and pixels. Bytes and floats that show the same picture hash
 * differently, and how the pixels are cut into chunks does not matter.
 *
 * @param pixels all images in order, whole or in consecutive chunks of one type.
 */
export function hashDataset(
  shape: ImageShape,
  labels: Int32Array,
  pixels: Pixels | Iterable<Pixels>,
): string {
  const hash = new DatasetHash(shape, labels);
  for (const chunk of ArrayBuffer.isView(pixels) ? [pixels] : pixels) hash.update(chunk);
  return hash.digest();
}

/** What `hashDataset` computes, for pixels that come little by little. */
export class DatasetHash {
  readonly #hash = createHash('sha256');
  #typed = false;

  constructor({ channels, height, width }: ImageShape, labels: Int32Array) {
    this.#hash.update(`${channels}x${height}x${width} ${labels.length}\n`);
    this.#hash.update(bytesOf(labels));
  }

  /** Adds the next pixels, all of one type. */
  update(chunk: Pixels): void {
    if (!this.#typed) this.#hash.update(chunk instanceof Uint8Array ? 'uint8\n' : 'float32\n');
    this.#typed = true;
    this.#hash.update(bytesOf(chunk));
  }

  /** SHA-256 (hex); nothing can be added afterwards. */
  digest(): string {
    return this.#hash.digest('hex');
  }
}

/**
 * Mean and (population) standard deviation of every channel, in [0, 1] units and double precision.
 * A constant channel gets a standard deviation of 1, so that normalising by it stays finite.
 *
 * @param pixels [n, channels, height, width] with n ≥ 1.
 */
export function computeNormalization(pixels: Pixels, shape: ImageShape): Normalization {
  const scale = pixels instanceof Uint8Array ? 255 : 1;
  const channels = Array.from({ length: shape.channels }, (_, channel) => channel);
  const mean = channels.map((channel) => channelMean(pixels, shape, channel, (value) => value));
  const std = channels.map((channel) => {
    const center = mean[channel]!;
    return Math.sqrt(channelMean(pixels, shape, channel, (value) => (value - center) ** 2));
  });
  return {
    mean: mean.map((value) => value / scale),
    std: std.map((value) => (value === 0 ? 1 : value / scale)),
  };
}

function channelMean(
  pixels: Pixels,
  shape: ImageShape,
  channel: number,
  term: (value: number) => number,
): number {
  const plane = shape.height * shape.width;
  const stride = pixelsPerImage(shape);
  let sum = 0;
  for (let start = channel * plane; start < pixels.length; start += stride) {
    for (let offset = start; offset < start + plane; offset++) sum += term(pixels[offset]!);
  }
  return (sum * shape.channels) / pixels.length;
}

function bytesOf(values: Int32Array | Pixels): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

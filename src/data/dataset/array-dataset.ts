import { UsageError } from '../../core/errors.js';
import type { ImageShape, Normalization } from '../../core/image-shape.js';
import {
  computeNormalization,
  type Dataset,
  datasetOf,
  hashDataset,
  type Pixels,
  pixelsPerImage,
} from './dataset.js';

export interface ArrayDatasetOptions {
  readonly name: string;
  readonly split: string;
  readonly shape: ImageShape;
  /** [n, channels, height, width], row-major. Used as it is, not copied: do not change it afterwards. */
  readonly pixels: Pixels;
  /** One class number per image, from 0. Copied. */
  readonly labels: ArrayLike<number>;
  /** One name per class. Default: '0', '1', … up to the largest label. */
  readonly classNames?: readonly string[];
  /** Whether a class may be without images, as in a test part. Default: no. */
  readonly allowEmptyClasses?: boolean;
  /** Default: computed from the pixels. A test part should be given its training part's. */
  readonly normalization?: Normalization;
  /** Where the labels and pixels came from, for errors to name. Default: name and split. */
  readonly source?: { readonly pixels: string; readonly labels: string };
}

/**
 * A dataset from arrays in memory.
 *
 * @throws UsageError if the sizes disagree, a label is not a class number, a class has no images (unless allowed),
 *   a float pixel is not a number in [0, 1], or the normalisation does not fit.
 */
export function arrayDataset(options: ArrayDatasetOptions): Dataset {
  const { name, split, shape, pixels } = options;
  const source = options.source ?? { pixels: `${name} ${split}`, labels: `${name} ${split}` };
  checkShape(shape, source.pixels);
  checkLengths(options, source.pixels);
  const classNames = options.classNames ?? numberedClasses(options.labels);
  const labels = checkedLabels(options, classNames, source.labels);
  if (pixels instanceof Float32Array) checkFloats(pixels, shape, source.pixels);
  const normalization = options.normalization ?? computeNormalization(pixels, shape);
  checkNormalization(normalization, shape, source.pixels);

  return datasetOf(
    { name, split, shape, classNames, labels, normalization },
    () => hashDataset(shape, labels, pixels),
    (indices) => gather(pixels, indices, pixelsPerImage(shape)),
  );
}

function gather(pixels: Pixels, indices: ArrayLike<number>, stride: number): Pixels {
  const length = indices.length * stride;
  const images = pixels instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
  for (let row = 0; row < indices.length; row++) {
    const start = indices[row]! * stride;
    images.set(pixels.subarray(start, start + stride), row * stride);
  }
  return images;
}

function checkShape(shape: ImageShape, source: string): void {
  for (const side of ['channels', 'height', 'width'] as const) {
    if (Number.isSafeInteger(shape[side]) && shape[side] > 0) continue;
    throw new UsageError(
      `${source}: shape.${side} is ${shape[side]}; expected a positive whole number`,
    );
  }
}

function checkLengths({ shape, pixels, labels }: ArrayDatasetOptions, source: string): void {
  const expected = labels.length * pixelsPerImage(shape);
  if (labels.length === 0) {
    throw new UsageError(`${source}: there are no labels; give at least one image per class`);
  }
  if (pixels.length === expected) return;
  const size = `${shape.channels}×${shape.height}×${shape.width}`;
  throw new UsageError(
    `${source}: ${pixels.length} pixel values do not match ${labels.length} labels; expected ` +
      `${expected} values (${labels.length} images of ${size}): check the shape, and that there is one label per image`,
  );
}

function numberedClasses(labels: ArrayLike<number>): string[] {
  let largest = 0;
  // An invalid label must not decide the number of classes: it is reported afterwards.
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index]!;
    if (Number.isInteger(label) && label < labels.length) largest = Math.max(largest, label);
  }
  return Array.from({ length: largest + 1 }, (_, label) => String(label));
}

function checkedLabels(
  { labels, allowEmptyClasses = false }: ArrayDatasetOptions,
  classNames: readonly string[],
  source: string,
): Int32Array {
  const classes = classNames.length;
  const counts = new Int32Array(classes);
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index]!;
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new UsageError(
        `${source}: label ${index} is ${label}; expected a whole number from 0 to ${classes - 1} ` +
          `(there are ${classes} classes): number the classes from 0 without gaps`,
      );
    }
    counts[label]!++;
  }
  const empty = allowEmptyClasses ? -1 : counts.indexOf(0);
  if (empty === -1) return Int32Array.from(labels);
  throw new UsageError(
    `${source}: class ${empty} ('${classNames[empty]}') has no images; expected at least ` +
      'one: add images of it, or leave the class out and renumber the others',
  );
}

function checkFloats(pixels: Float32Array, shape: ImageShape, source: string): void {
  for (let offset = 0; offset < pixels.length; offset++) {
    const value = pixels[offset]!;
    if (value >= 0 && value <= 1) continue; // false for NaN
    throw new UsageError(
      `${source}: ${describePosition(offset, shape)} is ${value}; expected a finite number in [0, 1]: ` +
        (Number.isFinite(value)
          ? 'divide pixels of 0 to 255 by 255, or give them as a Uint8Array'
          : 'find out which step of the preparation produced it'),
    );
  }
}

function describePosition(offset: number, { channels, height, width }: ImageShape): string {
  const column = offset % width;
  const row = Math.floor(offset / width) % height;
  const channel = Math.floor(offset / (width * height)) % channels;
  const image = Math.floor(offset / (width * height * channels));
  return `image ${image}, channel ${channel}, row ${row}, column ${column}`;
}

function checkNormalization(
  { mean, std }: Normalization,
  { channels }: ImageShape,
  source: string,
): void {
  if (mean.length !== channels || std.length !== channels) {
    throw new UsageError(
      `${source}: the normalisation has ${mean.length} means and ${std.length} standard deviations; ` +
        `expected one of each per channel (${channels})`,
    );
  }
  const wrongMean = mean.find((value) => !Number.isFinite(value));
  const wrongStd = std.find((value) => !(Number.isFinite(value) && value > 0));
  if (wrongMean === undefined && wrongStd === undefined) return;
  throw new UsageError(
    wrongMean !== undefined
      ? `${source}: the normalisation has a mean of ${wrongMean}; expected a finite number`
      : `${source}: the normalisation has a standard deviation of ${wrongStd}; expected a number above 0`,
  );
}

import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { FailureError, messageOf, UsageError } from '../../core/errors.js';
import { writeFileAtomic } from '../../core/files.js';
import { type Dataset, datasetOf, pixelsPerImage } from './dataset.js';
import { MappedImages } from './mapped-images.js';

/** Everything of a dataset but its pixels. */
interface Description {
  readonly formatVersion: 1;
  readonly name: string;
  readonly split: string;
  readonly shape: Dataset['shape'];
  readonly classNames: readonly string[];
  readonly normalization: Dataset['normalization'];
  readonly hash: string;
  readonly labels: readonly number[];
  readonly type: 'uint8' | 'float32';
}

const pixelsFile = 'pixels';
const descriptionFile = 'dataset.json';

/** Bounds the memory that writing takes. */
const imagesAtOnce = 1024;

/**
 * Writes a dataset as it is into a folder, for other processes to open: they share the memory of its pixels.
 *
 * @throws FailureError naming the folder if it can't be written.
 */
export function storeDataset(dataset: Dataset, folder: string): void {
  const { name, split, shape, classNames, normalization, hash, labels } = dataset;
  try {
    mkdirSync(folder, { recursive: true });
    const type = writePixels(dataset, join(folder, pixelsFile));
    const described = { name, split, shape, classNames, normalization, hash, type };
    const description: Description = { formatVersion: 1, ...described, labels: [...labels] };
    // Last, so that a folder with a description is complete.
    writeFileAtomic(join(folder, descriptionFile), JSON.stringify(description));
  } catch (cause) {
    throw new FailureError(
      `${folder}: the images of ${name} could not be written: ${messageOf(cause)}`,
      { cause },
    );
  }
}

function writePixels(dataset: Dataset, path: string): Description['type'] {
  const { labels } = dataset;
  const file = openSync(path, 'w');
  let type: Description['type'] = 'uint8';
  try {
    for (let start = 0; start < labels.length; start += imagesAtOnce) {
      const length = Math.min(imagesAtOnce, labels.length - start);
      const pixels = dataset.read(Int32Array.from({ length }, (_, index) => start + index));
      if (pixels instanceof Float32Array) type = 'float32';
      const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
    }
  } finally {
    closeSync(file);
  }
  return type;
}

/**
 * Opens a dataset that `storeDataset` wrote. Its pixels are mapped into memory: the folder must stay as it is.
 *
 * @throws UsageError naming the folder if it holds none, or not all of one.
 */
export function openStoredDataset(folder: string): Dataset {
  const { type, labels: numbers, formatVersion, hash, ...rest } = readDescription(folder);
  if (formatVersion !== 1)
    throw new UsageError(`${folder}: it was written by another version of ncfm`);
  const labels = Int32Array.from(numbers);
  const width = type === 'uint8' ? 1 : Float32Array.BYTES_PER_ELEMENT;
  const stride = pixelsPerImage(rest.shape) * width;
  const images = new MappedImages(join(folder, pixelsFile), 0, labels.length, stride);
  return datasetOf(
    { ...rest, labels },
    () => hash,
    (indices) => {
      const bytes = images.gather(indices);
      return type === 'uint8' ? bytes : new Float32Array(bytes.buffer);
    },
  );
}

function readDescription(folder: string): Description {
  try {
    return JSON.parse(readFileSync(join(folder, descriptionFile), 'utf8')) as Description;
  } catch (cause) {
    throw new UsageError(`${folder}: it holds no dataset (${messageOf(cause)})`, { cause });
  }
}

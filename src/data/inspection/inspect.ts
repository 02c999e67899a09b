import { createHash } from 'node:crypto';
import { messageOf, UsageError } from '../../core/errors.js';
import type { ImageShape } from '../../core/image-shape.js';
import { ChannelSums } from '../dataset/channel-sums.js';
import {
  type Dataset,
  type LabelledPart,
  type Pixels,
  pixelsPerImage,
} from '../dataset/dataset.js';
import type { DamagedPicture, PictureSource } from '../decoding/picture-source.js';
import { DuplicateFinder, type DuplicateSummary } from './duplicates.js';

/** One part of a dataset as an inspection sees it: images that are read one range after the other. */
export interface Inspectable extends Omit<LabelledPart, 'name'> {
  /**
   * The images `start` to `end` (not included), [end - start, channels, height, width].
   *
   * @throws an error that names the file if one of them can't be read.
   */
  read(start: number, end: number): Pixels | Promise<Pixels>;
  /** The image's place in its source, for people. */
  describe(index: number): string;
}

export interface PartReport {
  readonly split: string;
  readonly images: number;
  readonly shape: ImageShape;
  /** Of the decoded pixels. */
  readonly bytes: number;
  /** Images per class, in the order of the classes. */
  readonly counts: readonly number[];
  /** Of every channel over the images that can be read, in units where pixels lie in [0, 1]; 0 without any. */
  readonly mean: readonly number[];
  /** Population standard deviation, likewise; 0 for a constant channel. */
  readonly std: readonly number[];
  readonly damaged: readonly DamagedPicture[];
}

export interface InspectionReport {
  readonly classNames: readonly string[];
  /** SHA-256 (hex) over the class names in order: equal for two datasets if their labels mean the same. */
  readonly classOrderHash: string;
  readonly parts: readonly PartReport[];
  readonly duplicates: DuplicateSummary;
}

export interface InspectOptions {
  /** Called now and then with how many images of all parts are done. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
  /** Groups of duplicates to report. Default 20. */
  readonly groups?: number;
}

/** About as many bytes of pixels are read at once. */
const batchBytes = 4 * 2 ** 20;

/** A dataset, ready to be inspected. */
export function inspectableDataset(dataset: Dataset): Inspectable {
  const { split, shape, classNames, labels } = dataset;
  return {
    split,
    shape,
    classNames,
    labels,
    read: (start, end) =>
      dataset.read(Array.from({ length: end - start }, (_, offset) => start + offset)),
    describe: (index) => `${split} image ${index}`,
  };
}

/**
 * Pictures that have been decoded, ready to be inspected.
 *
 * @param dataset the decoded images, in the order of the source, without the damaged ones.
 */
export function inspectablePictures(
  source: PictureSource,
  dataset: Dataset,
  damaged: readonly DamagedPicture[],
): Inspectable {
  const { split, shape, classNames, labels } = source;
  const reasons = new Map(damaged.map(({ index, reason }) => [index, reason]));
  const rows = new Int32Array(labels.length);
  for (let index = 0, row = 0; index < labels.length; index++) {
    rows[index] = row;
    if (!reasons.has(index)) row += 1;
  }
  return {
    split,
    shape,
    classNames,
    labels,
    read(start, end) {
      for (let index = start; index < end; index++) {
        const reason = reasons.get(index);
        if (reason !== undefined) throw new UsageError(reason);
      }
      return dataset.read(rows.subarray(start, end));
    },
    describe: (index) => source.describe(index),
  };
}

/**
 * Reads every image of every part: counts, mean and deviation, images that can't be read (each one, going on after it) and
 * images that occur more than once. Memory: one batch, and about 100 bytes per image for the search for duplicates.
 *
 * @throws the signal's reason once that is aborted.
 */
export async function inspectDataset(
  parts: readonly Inspectable[],
  options: InspectOptions = {},
): Promise<InspectionReport> {
  const { onProgress, signal, groups = 20 } = options;
  const total = parts.reduce((sum, { labels }) => sum + labels.length, 0);
  const pictures = new DuplicateFinder(parts);
  const reports: PartReport[] = [];
  let before = 0;
  for (const [number, part] of parts.entries()) {
    const start = before;
    const onImages = (done: number): void => onProgress?.(start + done, total);
    reports.push(await inspectPart(part, number, pictures, { onImages, signal }));
    before += part.labels.length;
  }
  const classNames = parts[0]?.classNames ?? [];
  return {
    classNames,
    classOrderHash: hashClassOrder(classNames),
    parts: reports,
    duplicates: pictures.summary(groups),
  };
}

/** SHA-256 (hex) over class names in order, as the UTF-8 bytes of their JSON array. */
export function hashClassOrder(classNames: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(classNames)).digest('hex');
}

async function inspectPart(
  part: Inspectable,
  number: number,
  pictures: DuplicateFinder,
  { onImages, signal }: { onImages: (done: number) => void; signal: AbortSignal | undefined },
): Promise<PartReport> {
  const { split, shape, classNames, labels } = part;
  const counts = new Array<number>(classNames.length).fill(0);
  for (const label of labels) counts[label]! += 1;
  const sums = new ChannelSums(shape);
  const damaged: DamagedPicture[] = [];
  const size = pixelsPerImage(shape);
  const batch = Math.max(1, Math.floor(batchBytes / size));
  let bytesPerValue = 1;
  for (let start = 0; start < labels.length; start += batch) {
    signal?.throwIfAborted();
    const end = Math.min(start + batch, labels.length);
    for await (const [index, image] of readImages(part, start, end, damaged)) {
      bytesPerValue = image.BYTES_PER_ELEMENT;
      sums.add(image);
      pictures.add(number, index, image);
    }
    onImages(end);
  }
  const bytes = labels.length * size * bytesPerValue;
  return { split, images: labels.length, shape, bytes, counts, ...sums.moments(), damaged };
}

/** The images of a range that can be read; the others are added to `damaged`. */
async function* readImages(
  part: Inspectable,
  start: number,
  end: number,
  damaged: DamagedPicture[],
): AsyncGenerator<[index: number, image: Pixels]> {
  const size = pixelsPerImage(part.shape);
  let pixels: Pixels;
  try {
    pixels = await part.read(start, end);
  } catch (error) {
    if (end - start === 1) {
      damaged.push({ index: start, place: part.describe(start), reason: messageOf(error) });
      return;
    }
    // One of them is damaged: the others still count.
    for (let index = start; index < end; index++) {
      yield* readImages(part, index, index + 1, damaged);
    }
    return;
  }
  for (let index = start; index < end; index++) {
    const offset = (index - start) * size;
    yield [index, pixels.subarray(offset, offset + size)];
  }
}

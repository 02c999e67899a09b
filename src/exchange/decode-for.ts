import { UsageError } from '../core/index.js';
import type { Dataset } from '../data/index.js';
import { decode, decodedPerClass } from '../distill/index.js';
import { noGrad, scope, type Tensor, tensor } from '../tensor/index.js';
import { classNumbers } from './class-numbers.js';
import type { DistilledImages } from './distilled-set.js';

/** The training images of a set, and their labels; the caller's. */
export interface DecodedImages {
  readonly images: Tensor;
  readonly labels: Tensor;
  readonly probabilities?: Tensor;
}

/**
 * Decodes a set into training images [n, c, h, w] for a dataset on which networks trained on it will be tested, with its
 * labels [n] (int64) in that dataset's numbers.
 *
 * @throws UsageError when the images have another size, or the classes are not those of the dataset.
 */
export function decodeFor(set: DistilledImages, dataset: Dataset): DecodedImages {
  const { path, images, formation } = set;
  const { channels, height, width } = dataset.shape;
  if (images.shape.slice(1).join() !== [channels, height, width].join()) {
    throw new UsageError(
      `${path} holds images of ${images.shape.slice(1).join('×')}, ${dataset.name} has ${channels}×${height}×${width}`,
    );
  }
  requireSameWhitening(set, dataset);
  const numbers = numbersFor(set, dataset);
  const labels = Array.from(set.labels.toArray(), Number).map((label) => numbers[label]!);
  requireAllClasses(labels, path, dataset);
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const equal = new Set(counts.values()).size === 1;
  if (!equal && formation.mode !== 'single') {
    throw new UsageError(
      `${path} has different numbers of images of its classes, which formation mode ${formation.mode} does not allow`,
    );
  }
  const perImage =
    formation.mode === 'single'
      ? formation.factor ** 2
      : decodedPerClass(formation, counts.get(labels[0]!)!) / counts.get(labels[0]!)!;
  return scope(() => ({
    images: noGrad(() => decode(images, equal ? counts.size : 1, formation).clone()),
    labels: repeatedLabels(labels, counts, perImage),
    ...(set.probabilities && { probabilities: inOrderOf(numbers, set.probabilities) }),
  }));
}

/** A set that does not say what it is of may be of either kind. */
function requireSameWhitening({ path, dataset: source }: DistilledImages, dataset: Dataset): void {
  const [found, asked] = [source?.whitening ?? 'none', dataset.whitening ?? 'none'];
  if (source === undefined || found === asked) return;
  throw new UsageError(
    `${path} was distilled with dataset.whitening: ${found}, and is to be tested with ${asked}; test it on images like its own (--set dataset.whitening=${found})`,
  );
}

/** Each class's labels as often as it has training images, in the order of the classes in the set. */
function repeatedLabels(
  labels: readonly number[],
  counts: ReadonlyMap<number, number>,
  perImage: number,
): Tensor {
  const repeated = [...new Set(labels)].flatMap((label) =>
    new Array<number>(Math.round(counts.get(label)! * perImage)).fill(label),
  );
  return tensor(repeated, [repeated.length], 'int64');
}

/** The dataset's number of each of the set's classes; the same number where the set has no names. */
function numbersFor(
  { path, labels, classNames }: DistilledImages,
  dataset: Dataset,
): readonly number[] {
  if (classNames === undefined) {
    const classes = Array.from(labels.toArray(), Number).reduce((a, b) => Math.max(a, b + 1), 0);
    return Array.from({ length: classes }, (_, label) => label);
  }
  const numbers = classNumbers(classNames, dataset.classNames);
  if (numbers !== undefined) return numbers;
  throw new UsageError(
    `${path} has the classes ${listed(classNames)}; those of ${dataset.name} are ${listed(dataset.classNames)}. Name its classes alike, or number them from 0`,
  );
}

function requireAllClasses(labels: readonly number[], path: string, dataset: Dataset): void {
  const classes = dataset.classNames.length;
  const largest = labels.reduce((most, label) => Math.max(most, label), 0);
  if (largest >= classes) {
    throw new UsageError(`${path} has a class ${largest}; ${dataset.name} has ${classes} classes`);
  }
  const present = new Set(labels);
  const missing = dataset.classNames.find((_, label) => !present.has(label));
  if (missing !== undefined) {
    throw new UsageError(`${path} has no image of ${dataset.name}'s class ${listed([missing])}`);
  }
}

function inOrderOf(numbers: readonly number[], probabilities: Tensor): Tensor {
  const columns = numbers.map((_, number) => numbers.indexOf(number));
  return probabilities.indexSelect(1, tensor(columns, [columns.length], 'int64'));
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => `'${shorten(name)}'`);
  return names.length > 5 ? `${shown.join(', ')}, … (${names.length})` : shown.join(', ');
}

/** A name on one line of at most 40 characters. */
function shorten(name: string): string {
  const line = name.replaceAll(/\s+/g, ' ');
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}

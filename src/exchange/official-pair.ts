import { UsageError } from '../core/index.js';
import {
  loadPt,
  noGrad,
  type Storable,
  savePt,
  scope,
  Tensor,
  tensorsIn,
} from '../tensor/index.js';
import { unnormalized } from './unnormalized.js';

/** Images [n, c, h, w] (float32) and their classes [n] (int64). */
export interface ImagePair {
  readonly images: Tensor;
  readonly labels: Tensor;
}

export interface ReadPairOptions {
  /**
   * The mean and standard deviation, per channel, that the images were normalised with, as some projects store them;
   * images in [0, 1] when left out.
   */
  readonly normalized?: { readonly mean: readonly number[]; readonly std: readonly number[] };
}

/**
 * Reads a distilled set as the official project and others of the field store it: `torch.save([images, labels])`, or
 * the same as a tuple. Half and double precision become single. The tensors are the caller's.
 *
 * @throws UsageError naming the file for anything else: other contents, sizes that disagree, pixels that are no numbers
 *   or beyond [0, 1], labels that are no class numbers.
 */
export function readPair(path: string, { normalized }: ReadPairOptions = {}): ImagePair {
  const stored = loadPt(path);
  const tensors = tensorsIn(stored);
  try {
    const [images, labels] = pairOf(stored, path);
    return scope(() => ({
      images: checkedImages(images, path, normalized),
      labels: checkedLabels(labels, images.size(0), path),
    }));
  } finally {
    for (const tensor of tensors) tensor.dispose();
  }
}

/** Writes a pair so that Python's `torch.load` reads it as a list of two tensors. */
export function writePair(path: string, { images, labels }: ImagePair): void {
  savePt(path, [images, labels]);
}

function pairOf(stored: Storable, path: string): readonly [images: Tensor, labels: Tensor] {
  if (Array.isArray(stored) && stored.length === 2) {
    const [images, labels] = stored as readonly Storable[];
    if (images instanceof Tensor && labels instanceof Tensor) return [images, labels];
  }
  throw new UsageError(
    `${path} does not hold a distilled set: expected a list of two tensors, the images and their labels`,
  );
}

function checkedImages(
  images: Tensor,
  path: string,
  normalized: ReadPairOptions['normalized'],
): Tensor {
  const { shape, dtype } = images;
  const floating = ['float16', 'bfloat16', 'float32', 'float64'].includes(dtype);
  const [count = 0, channels = 0, height = 0, width = 0] = shape;
  if (shape.length !== 4 || !floating || count * height * width === 0) {
    throw new UsageError(
      `${path}: its images are ${dtype} [${shape.join(', ')}]; expected floats [n, channels, height, width]`,
    );
  }
  if (channels !== 1 && channels !== 3) {
    throw new UsageError(`${path}: its images have ${channels} channels; expected 1 or 3`);
  }
  return noGrad(() => unnormalized(images.to('float32'), { source: path, normalized }).clone());
}

function checkedLabels(labels: Tensor, images: number, path: string): Tensor {
  const whole = ['int64', 'int32', 'int16', 'uint8'].includes(labels.dtype);
  if (labels.shape.join() !== String(images) || !whole) {
    throw new UsageError(
      `${path}: its labels are ${labels.dtype} [${labels.shape.join(', ')}]; expected one whole number for each of the ${images} images`,
    );
  }
  const negative = Array.from(labels.toArray(), Number).findIndex((label) => label < 0);
  if (negative >= 0) {
    throw new UsageError(`${path}: label ${negative} is negative; expected class numbers from 0`);
  }
  return labels.to('int64').clone();
}

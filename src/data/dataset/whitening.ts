import { createHash } from 'node:crypto';
import { UsageError } from '../../core/errors.js';
import { yieldToEvents } from '../../core/event-loop.js';
import { spans } from '../../core/spans.js';
import { noGrad, scope, type Tensor, tensor, zeros } from '../../tensor/index.js';
import { op } from '../../tensor/operator.js';
import { arrayDataset } from './array-dataset.js';
import { pixelsToTensor } from './batch.js';
import {
  type Dataset,
  type DatasetPair,
  datasetOf,
  pixelsPerImage,
  type Whitening,
} from './dataset.js';

/** Added to every eigenvalue, in units where pixels lie in [0, 1]: that of the methods published with whitening. */
const regularization = 0.1;

/** The matrix has the square of this, and images that are whitened lie in memory as floats. */
const mostValues = 4096;

const imagesAtOnce = 1000;

const symmetricEigen = op<[symmetric: Tensor], [values: Tensor, vectors: Tensor]>('linalg_eigh');

type TrainingParts = Pick<DatasetPair, 'train'> & { readonly test?: Dataset | undefined };

interface WhitenOptions {
  readonly onNote?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * With `zca`, images whose values are uncorrelated, by ZCA with the training images' statistics (Krizhevsky, 2009; MTT, CVPR
 * 2022, and others): z = W(x − μ), W = U diag((s + 0.1)^−½) Uᵀ, with U diag(s) Uᵀ the covariance of training images x of d
 * values in [0, 1]. They come as pixels again, 0.5 + z / (2·r), r being about the largest |z| of a training image (what is
 * larger in a test image is cut off), and their normalisation takes these back to z. So all that follows, augmentation and
 * descent too, is in z, and pictures show whitened images.
 *
 * Takes d² and n·d floats of memory, and about 2nd² operations.
 * @throws UsageError for images of more than 4096 values
 */
export async function whitenedParts<Parts extends TrainingParts>(
  parts: Parts,
  whitening: Whitening | 'none',
  { onNote, signal }: WhitenOptions = {},
): Promise<Parts> {
  if (whitening === 'none') return parts;
  const { train, test } = parts;
  const { channels, height, width } = train.shape;
  const values = pixelsPerImage(train.shape);
  if (values > mostValues) {
    throw new UsageError(
      `dataset.whitening: zca is for images of at most ${mostValues} values, such as 3×32×32; these have ${channels}×${height}×${width} = ${values}. Use none, or a smaller dataset.size`,
    );
  }
  onNote?.(`whitens the images (ZCA of ${values} values)`);
  const mean = await meanOf(train, signal);
  using matrix = await whiteningMatrix(train, mean, signal);
  using shift = tensor(mean);
  const z = await transformed(train, shift, matrix, signal);
  const most = z.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  // Whole tenths, which are the same on every processor.
  const range = Math.max(1, Math.ceil(10 * most)) / 10;
  return {
    ...parts,
    train: asPixels(train, z, range, train),
    ...(test && {
      test: asPixels(test, await transformed(test, shift, matrix, signal), range, train),
    }),
  };
}

/** A part whose images are z, scaled into [0, 1] by ± range, in place; whitened by the statistics of `train`. */
function asPixels(part: Dataset, z: Float32Array, range: number, train: Dataset): Dataset {
  const { name, split, shape, classNames, labels } = part;
  for (let at = 0; at < z.length; at++)
    z[at] = Math.min(1, Math.max(0, 0.5 + z[at]! / (2 * range)));
  const normalization = {
    mean: Array<number>(shape.channels).fill(0.5),
    std: Array<number>(shape.channels).fill(1 / (2 * range)),
  };
  const own = { name, split, shape, classNames, labels, normalization, whitening: 'zca' } as const;
  const images = arrayDataset({ ...own, pixels: z, allowEmptyClasses: true });
  // That of its own values would differ from one processor to another, as their last digits do.
  const hash = (): string =>
    createHash('sha256').update(`zca ${train.hash} ${part.hash}`).digest('hex');
  return datasetOf(own, hash, (indices) => images.read(indices));
}

/** Some images at a time, as rows [n, d] in [0, 1], with the position of the first. */
async function forRows(
  part: Dataset,
  signal: AbortSignal | undefined,
  use: (rows: Tensor, first: number) => void,
): Promise<void> {
  const { labels, shape } = part;
  for (const { start, length } of spans(labels.length, imagesAtOnce)) {
    const pixels = part.read(Int32Array.from({ length }, (_, index) => start + index));
    scope(() =>
      noGrad(() => {
        const images = pixelsToTensor(pixels, length, shape);
        use(images.reshape([length, pixelsPerImage(shape)]), start);
      }),
    );
    await yieldToEvents(signal);
  }
}

async function meanOf(part: Dataset, signal: AbortSignal | undefined): Promise<Float32Array> {
  using sum = zeros([pixelsPerImage(part.shape)], { dtype: 'float64' });
  await forRows(part, signal, (rows) => sum.add_(rows.to('float64').sum([0])));
  return sum.toFloat32Array().map((value) => value / part.labels.length);
}

/** W [d, d]; the covariance with n − 1 below it. */
async function whiteningMatrix(
  part: Dataset,
  mean: Float32Array,
  signal: AbortSignal | undefined,
): Promise<Tensor> {
  using products = zeros([mean.length, mean.length], { dtype: 'float64' });
  using shift = tensor(mean);
  await forRows(part, signal, (rows) => {
    const centred = rows.sub(shift);
    products.add_(centred.transpose(0, 1).matmul(centred).to('float64'));
  });
  return scope(() =>
    noGrad(() => {
      const covariance = products.div(Math.max(1, part.labels.length - 1));
      const [variances, vectors] = symmetricEigen(covariance);
      const scales = variances.clamp(0).add(regularization).pow(-0.5);
      return vectors.mul(scales).matmul(vectors.transpose(0, 1)).to('float32');
    }),
  );
}

/** z of all images of a part, one after another. */
async function transformed(
  part: Dataset,
  mean: Tensor,
  matrix: Tensor,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const values = pixelsPerImage(part.shape);
  const z = new Float32Array(part.labels.length * values);
  await forRows(part, signal, (rows, first) =>
    // W is symmetric.
    z.set(rows.sub(mean).matmul(matrix).toFloat32Array(), first * values),
  );
  return z;
}

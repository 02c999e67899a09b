import { yieldToEvents } from '../core/event-loop.js';
import { writeFileAtomic } from '../core/files.js';
import type { GridCells } from '../core/grid-cells.js';
import {
  batch,
  type Dataset,
  indicesByClass,
  pixelsPerImage,
  pixelsToTensor,
} from '../data/index.js';
import { decodeStored } from '../distill/product.js';
import type { Plan } from '../plan/plan.js';
import { writeImageGrid } from '../report/pictures.js';
import type { RunDirectory } from '../run/index.js';
import { noGrad, scope, type Tensor } from '../tensor/index.js';
import { productFolder, type RunContext } from './run-context.js';

/** In a run's folder: the nearest real image of every decoded one, and where they are in their picture. */
export const nearestPicture = 'nearest.png';
export const nearestFile = 'nearest.json';

/** What `nearest.json` holds. */
export interface NearestImages {
  readonly formatVersion: 1;
  /** Decoded images to a stored one, which follow one another. */
  readonly tiles: number;
  readonly cells: GridCells;
  /** Their places in the training images. */
  readonly indices: readonly number[];
  /** Root mean squared difference of pixels in [0, 1]. */
  readonly distances: readonly number[];
}

/** Pixel values of training images up to which all are compared: about a minute of one core. */
const mostValues = 2e9;

/**
 * Draws, for every training image that a run's set decodes to, the nearest real one of its class, by pixels: whoever looks at
 * the set sees what of it is copied. Left out where the data is whitened or too large, and where images are decoded at
 * several scales.
 */
export async function drawNearest(
  directory: RunDirectory,
  { plan, data: { train }, memory, random, signal }: RunContext,
): Promise<void> {
  const { formation, imagesPerClass } = plan.distill;
  const { shape, labels, classNames } = train;
  const isSmall = labels.length * pixelsPerImage(shape) <= mostValues;
  if (!isSmall || train.whitening !== undefined || formation.mode !== 'single') return;
  const { device } = random;
  using decoded = decodeStored(directory.pathOf(productFolder), { train, imagesPerClass, device });
  const perClass = decoded.size(0) / classNames.length;
  const nearest: Nearest[] = [];
  for (const [label, members] of indicesByClass(labels, classNames.length).entries()) {
    const rows = Array.from(
      { length: perClass },
      (): Nearest => ({ index: -1, distance: Infinity }),
    );
    for (let from = 0; from < members.length; from += memory.chunks.test) {
      await yieldToEvents(signal);
      const chunk = members.subarray(from, from + memory.chunks.test);
      const distances = scope(() =>
        noGrad(() => {
          const own = decoded.narrow(0, label * perClass, perClass);
          return squaredDistances(own, batch(train, chunk, device).images).toFloat32Array();
        }),
      );
      keepNearest(rows, distances, chunk);
    }
    nearest.push(...rows);
  }
  const indices = nearest.map(({ index }) => index);
  await write(directory, { plan, train, indices, decoded: decoded.toFloat32Array() });
}

interface Nearest {
  readonly index: number;
  /** Squared, over all pixels. */
  readonly distance: number;
}

/** Between every two images of [m, c, h, w] and [n, c, h, w]: [m, n]. */
function squaredDistances(own: Tensor, real: Tensor): Tensor {
  const [a, b] = [own, real].map((images) => images.reshape([images.size(0), -1])) as [
    Tensor,
    Tensor,
  ];
  const lengths = a
    .square()
    .sum([1], true)
    .add(b.square().sum([1]));
  return lengths.sub(a.matmul(b.transpose(0, 1)).mul(2));
}

/** @param distances [rows, members], row by row */
function keepNearest(rows: Nearest[], distances: Float32Array, members: Int32Array): void {
  for (const [at, distance] of distances.entries()) {
    const row = Math.floor(at / members.length);
    if (distance >= rows[row]!.distance) continue;
    rows[row] = { index: members[at % members.length]!, distance };
  }
}

interface Found {
  readonly plan: Plan;
  readonly train: Dataset;
  readonly indices: readonly number[];
  /** Pixels of the images that real ones were looked for. */
  readonly decoded: Float32Array;
}

async function write(
  directory: RunDirectory,
  { plan, train, indices, decoded }: Found,
): Promise<void> {
  const { shape, classNames } = train;
  const pixels = scope(() =>
    pixelsToTensor(train.read(indices), indices.length, shape).toFloat32Array(),
  );
  const columns = indices.length / classNames.length;
  const path = directory.pathOf(nearestPicture);
  const cells = await writeImageGrid({ pixels, shape, columns, scale: 1, path });
  const values = pixelsPerImage(shape);
  const note: NearestImages = {
    formatVersion: 1,
    tiles: columns / plan.distill.imagesPerClass,
    cells,
    indices,
    distances: indices.map((_, at) => {
      const [from, to] = [at * values, (at + 1) * values];
      return difference(decoded.subarray(from, to), pixels.subarray(from, to));
    }),
  };
  writeFileAtomic(directory.pathOf(nearestFile), `${JSON.stringify(note)}\n`);
}

/** Root mean squared, of two images: exact where they are the same, unlike what products of matrices tell. */
function difference(one: Float32Array, other: Float32Array): number {
  const squares = one.reduce((sum, value, at) => sum + (value - other[at]!) ** 2, 0);
  return Math.sqrt(squares / one.length);
}

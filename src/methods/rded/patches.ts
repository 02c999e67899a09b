import { normalize } from '../../augment/index.js';
import { yieldToEvents } from '../../core/event-loop.js';
import { type ImageShape, spans } from '../../core/index.js';
import { type Dataset, pixelsToTensor } from '../../data/index.js';
import type { ImageModel } from '../../models/index.js';
import {
  cat,
  keep,
  noGrad,
  type RandomGenerator,
  resizeAntialiased,
  resizeNearest,
  scope,
  type Tensor,
  tensor,
  toDeviceOf,
} from '../../tensor/index.js';

export interface PatchRequest {
  readonly dataset: Dataset;
  /** Their scores are averaged. */
  readonly observers: readonly Pick<ImageModel, 'logits'>[];
  /** A patch has 1/factor of an image's sides, rounded down. */
  readonly factor: number;
  /** Patches cut from each image. */
  readonly crops: number;
  readonly patchesAtOnce?: number | undefined;
  readonly random: RandomGenerator;
  readonly signal?: AbortSignal | undefined;
}

/** Where a patch is cut from, in pixels. */
export interface Crop {
  readonly top: number;
  readonly left: number;
  readonly rows: number;
  readonly columns: number;
}

const usualPatches = 256;

/** The share of an image's area that a crop takes is uniform from here to 1. */
const leastArea = 0.08;

/**
 * A crop of an image's own proportions, so that there is room for every one: of square images the official code's, which
 * are always square. Its area is uniform in [0.08, 1] of the image's, its place uniform.
 */
export function drawCrop(
  { height, width }: Pick<ImageShape, 'height' | 'width'>,
  random: RandomGenerator,
): Crop {
  const side = Math.sqrt(leastArea + (1 - leastArea) * random.uniform());
  const rows = Math.max(1, Math.round(side * height));
  const columns = Math.max(1, Math.round(side * width));
  const top = random.integer(height - rows + 1);
  return { top, left: random.integer(width - columns + 1), rows, columns };
}

/**
 * Cuts patches from images of one class and keeps of each image the one that the observers are surest of: of these the
 * `count` best, the best first. The caller owns them.
 *
 * @param members dataset indices of at least `count` images
 * @returns patches [count, c, ⌊h / factor⌋, ⌊w / factor⌋] in [0, 1], and their mean score: the cross-entropy of the
 *   class, in nats
 */
export async function bestPatches(
  request: PatchRequest,
  label: number,
  members: Int32Array,
  count: number,
): Promise<{ readonly patches: Tensor; readonly score: number }> {
  const { crops, patchesAtOnce = usualPatches, signal } = request;
  const atOnce = Math.max(1, Math.floor(patchesAtOnce / crops));
  const kept: Tensor[] = [];
  const scores: number[] = [];
  try {
    for (const { start, length } of spans(members.length, atOnce)) {
      const chunk = members.subarray(start, start + length);
      const found = scope(() => noGrad(() => keyPatches(request, label, chunk)));
      kept.push(keep(found.patches));
      scores.push(...found.scores);
      await yieldToEvents(signal);
    }
    const best = lowest(scores, count);
    const patches = scope(() => rowsAt(cat(kept), best));
    return { patches: keep(patches), score: mean(best.map((position) => scores[position]!)) };
  } finally {
    for (const patches of kept) patches.dispose();
  }
}

/** The best patch of each image [n, c, h, w], and its score. */
function keyPatches(
  { dataset, observers, factor, crops, random }: PatchRequest,
  label: number,
  members: Int32Array,
): { readonly patches: Tensor; readonly scores: readonly number[] } {
  const { shape, normalization } = dataset;
  const size = [Math.floor(shape.height / factor), Math.floor(shape.width / factor)] as const;
  const images = pixelsToTensor(dataset.read(members), members.length, shape, random.device);
  const patches = cat(
    Array.from({ length: members.length * crops }, (_, index) => {
      const { top, left, rows, columns } = drawCrop(shape, random);
      const image = images.narrow(0, Math.floor(index / crops), 1);
      const cut = image.narrow(2, top, rows).narrow(3, left, columns);
      return resizeAntialiased(cut, size, false);
    }),
  ).clamp(0, 1);
  // The official code takes ImageNet's mean and deviation whatever the dataset; here they are those that the observers
  // were trained with.
  const seen = centred(normalize(patches, normalization), shape);
  const losses = observers.map((observer) =>
    observer.logits(seen).logSoftmax(1).narrow(1, label, 1).neg().toFloat32Array(),
  );
  const scores = Array.from(losses[0]!, (_, index) => mean(losses.map((loss) => loss[index]!)));
  const best = Array.from(members, (_, image) => {
    const own = scores.slice(image * crops, (image + 1) * crops);
    return image * crops + lowest(own, 1)[0]!;
  });
  return { patches: rowsAt(patches, best), scores: best.map((position) => scores[position]!) };
}

/** Images [n, c, h, w] in the middle of zeros, at the size of whole ones. */
function centred(images: Tensor, { height, width }: ImageShape): Tensor {
  const [rows, columns] = [height - images.size(2), width - images.size(3)];
  const [top, left] = [Math.floor(rows / 2), Math.floor(columns / 2)];
  return images.pad([left, columns - left, top, rows - top]);
}

/**
 * Mosaics of factor × factor patches each: patch k · n + i of [n · factor², c, h, w] is block k, row by row, of image i of
 * n. Where the sides do not divide, the first rows and columns of blocks are one pixel longer, by nearest neighbour.
 */
export function stitch(
  patches: Tensor,
  factor: number,
  { height, width }: Pick<ImageShape, 'height' | 'width'>,
): Tensor {
  const count = patches.size(0) / factor ** 2;
  const [rows, columns] = [blockSides(height, factor), blockSides(width, factor)];
  const block = (row: number, column: number): Tensor => {
    const own = patches.narrow(0, (row * factor + column) * count, count);
    return resizeNearest(own, [rows[row]!, columns[column]!]);
  };
  return cat(
    rows.map((_, row) =>
      cat(
        columns.map((__, column) => block(row, column)),
        3,
      ),
    ),
    2,
  );
}

function blockSides(side: number, factor: number): number[] {
  return Array.from(
    { length: factor },
    (_, index) => Math.floor(side / factor) + (index < side % factor ? 1 : 0),
  );
}

/** The positions of the `count` lowest values, the lowest first; of equal ones the first. */
function lowest(values: readonly number[], count: number): number[] {
  return [...values.keys()].sort((a, b) => values[a]! - values[b]!).slice(0, count);
}

function rowsAt(values: Tensor, positions: readonly number[]): Tensor {
  const index = tensor(positions, [positions.length], 'int64');
  return values.indexSelect(0, toDeviceOf(index, values.device));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

import { UsageError } from '../core/index.js';
import { cat, pad, scope, type Tensor, tensorOn } from '../tensor/index.js';
import { enlarge } from './enlarge.js';

/**
 * How many training images each stored image holds (multi-formation; Kim et al. 2022, used by the paper).
 * - single: factor² tiles of 1/factor the side each (factor 1: the image itself)
 * - multi: the tiles of every factor from `factor` down to 1
 * - bound: the images of factor 1 first, then the tiles of greater factors, until a class has `budget` images
 */
export type Formation =
  | { readonly mode: 'single'; readonly factor: number }
  | { readonly mode: 'multi'; readonly factor: number }
  | { readonly mode: 'bound'; readonly factor: number; readonly budget: number };

/** Rows and columns of one tile: the image's sides over the factor, rounded up (the image is padded to fit). */
export function tileSize(height: number, width: number, factor: number): readonly [number, number] {
  return [Math.ceil(height / factor), Math.ceil(width / factor)];
}

function factors({ mode, factor }: Formation): number[] {
  const all = Array.from({ length: factor }, (_, index) => index + 1);
  return mode === 'single' ? [factor] : mode === 'multi' ? all.reverse() : all;
}

/** The number of training images a class gets from `imagesPerClass` stored ones. */
export function decodedPerClass(formation: Formation, imagesPerClass: number): number {
  const all = factors(formation).reduce((total, factor) => total + imagesPerClass * factor ** 2, 0);
  return formation.mode === 'bound' ? Math.min(all, formation.budget) : all;
}

/** Throws UsageError when the formation's numbers are not usable for images of this size. */
export function checkFormation(formation: Formation, height: number, width: number): void {
  const { factor } = formation;
  if (!Number.isInteger(factor) || factor < 1 || factor > Math.min(height, width) / 2) {
    throw new UsageError(
      `the formation factor must be an integer from 1 to ${Math.floor(Math.min(height, width) / 2)} for ${height}×${width} images, got ${factor}`,
    );
  }
  for (const used of factors(formation)) {
    const [rows, columns] = tileSize(height, width, used);
    if ((used - 1) * rows >= height || (used - 1) * columns >= width) {
      throw new UsageError(
        `the formation factor ${used} cuts ${height}×${width} images into tiles of ${rows}×${columns}, the last of which holds no pixels of the image; use a smaller factor`,
      );
    }
  }
  if (formation.mode === 'bound' && (!Number.isInteger(formation.budget) || formation.budget < 1)) {
    throw new UsageError(
      `the formation budget must be a positive integer, got ${formation.budget}`,
    );
  }
}

/** Splits [n, c, h, w] into n · factor² tiles, row by row within each image, each upsampled bilinearly to h × w. */
function decodeTiles(images: Tensor, factor: number): Tensor {
  if (factor === 1) return images;
  const [count, channels, height, width] = images.shape as [number, number, number, number];
  const [rows, columns] = tileSize(height, width, factor);
  const padded =
    rows * factor === height && columns * factor === width
      ? images
      : pad(images, [0, columns * factor - width, 0, rows * factor - height], 0.5);
  const tiles = padded
    .reshape([count, channels, factor, rows, factor, columns])
    .permute([0, 2, 4, 1, 3, 5])
    .reshape([count * factor * factor, channels, rows, columns]);
  return enlarge(tiles, [height, width]);
}

/**
 * The training images held by stored images [classes · imagesPerClass, c, h, w], class by class:
 * [classes · decodedPerClass, c, h, w]. Differentiable.
 */
export function decode(stored: Tensor, classes: number, formation: Formation): Tensor {
  return scope(() => {
    const scales = factors(formation);
    if (scales.length === 1) return decodeTiles(stored, scales[0]!);
    const [, channels, height, width] = stored.shape as [number, number, number, number];
    const byClass = scales.map((factor) => {
      const images = decodeTiles(stored, factor);
      return images.reshape([classes, images.size(0) / classes, channels, height, width]);
    });
    const kept = withinBudget(byClass, formation);
    return cat(kept, 1).reshape([-1, channels, height, width]);
  });
}

/** Cuts [classes, n, …] blocks so that n sums to the budget, taking images of the last block evenly spaced. */
function withinBudget(blocks: readonly Tensor[], formation: Formation): Tensor[] {
  if (formation.mode !== 'bound') return [...blocks];
  const kept: Tensor[] = [];
  let room = formation.budget;
  for (const block of blocks) {
    const available = block.size(1);
    if (room <= 0) break;
    const taken = Math.min(room, available);
    const chosen = Array.from({ length: taken }, (_, index) =>
      Math.floor((index * available) / taken),
    );
    kept.push(
      taken === available
        ? block
        : block.indexSelect(1, tensorOn(block.device, chosen, [taken], 'int64')),
    );
    room -= taken;
  }
  return kept;
}

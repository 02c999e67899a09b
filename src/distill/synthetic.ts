import { denormalize } from '../augment/index.js';
import { UsageError } from '../core/index.js';
import { type Dataset, indicesByClass, pixelsToTensor } from '../data/index.js';
import {
  keep,
  loadPt,
  loadSafetensors,
  noGrad,
  type RandomGenerator,
  scope,
  Tensor,
  tensor,
  toDeviceOf,
  upsampleBilinear,
} from '../tensor/index.js';
import { checkFormation, decode, decodedPerClass, type Formation, tileSize } from './formation.js';
import type { Space } from './space.js';

/** How `mix` scales images down: a pixel is the average of the ones it covers (bilinear), or the nearest of them (usual). */
export const mixFilters = ['average', 'nearest'] as const;
export type MixFilter = (typeof mixFilters)[number];

/** Pixels of noise: uniform in [0, 1], or Gaussian with the mean and deviation of the data's channels. */
export const noiseDistributions = ['uniform', 'gaussian'] as const;
export type NoiseDistribution = (typeof noiseDistributions)[number];

/**
 * What the synthetic images start from.
 * - mix: every tile is a real image of its class, scaled down
 * - random: every stored image is a real image of its class
 * - noise: pixels at random, `uniform` when left out
 * - load: the images of a file (`.safetensors` with 'images', or `.pt` holding [images, labels])
 */
export type Initialization =
  | { readonly kind: 'mix'; readonly filter?: MixFilter }
  | { readonly kind: 'random' }
  | { readonly kind: 'noise'; readonly distribution?: NoiseDistribution }
  | { readonly kind: 'load'; readonly path: string };

export interface SyntheticOptions {
  readonly imagesPerClass: number;
  readonly formation: Formation;
  readonly initialization: Initialization;
  /**
   * For `mix`: which images of the dataset may start each tile, tile by tile within a class and class by class; the
   * whole class when left out.
   */
  readonly candidates?: readonly Int32Array[];
  /** Gaussian noise is cut off at 0 and 1 but where pixels may leave them; pixels when left out. */
  readonly space?: Space;
  readonly random: RandomGenerator;
}

/**
 * The synthetic images: the variable of the outer minimisation. Owns one tensor [classes · imagesPerClass, c, h, w] in
 * [0, 1], class by class, with gradients on.
 */
export class SyntheticImages implements Disposable {
  readonly images: Tensor;
  readonly classes: number;
  readonly imagesPerClass: number;
  readonly formation: Formation;
  /** That of plain descent on the images, where a method has learned it with them. */
  stepSize: number | undefined;

  /** Takes the tensor over. */
  constructor(images: Tensor, classes: number, formation: Formation) {
    this.images = keep(images).setRequiresGrad(true);
    this.classes = classes;
    this.imagesPerClass = images.size(0) / classes;
    this.formation = formation;
  }

  get decodedPerClass(): number {
    return decodedPerClass(this.formation, this.imagesPerClass);
  }

  /** The training images [classes · decodedPerClass, c, h, w], class by class; differentiable. */
  decode(): Tensor {
    return decode(this.images, this.classes, this.formation);
  }

  /** Brings every pixel back into [0, 1]. */
  clamp(): void {
    noGrad(() => this.images.clamp_(0, 1));
  }

  /** Takes over the values of stored images. Throws UsageError when they are another set's. */
  restore(stored: Tensor | undefined): void {
    const [found, expected] = [stored?.shape.join(', ') ?? '', this.images.shape.join(', ')];
    if (stored === undefined || found !== expected) {
      throw new UsageError(`the stored images have shape [${found}], expected [${expected}]`);
    }
    noGrad(() => this.images.copy_(stored));
  }

  dispose(): void {
    this.images.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Synthetic images at their start. Throws UsageError when the dataset has too few images of a class, or the file to
 * load from does not fit.
 */
export function initializeSynthetic(dataset: Dataset, options: SyntheticOptions): SyntheticImages {
  const { imagesPerClass, formation } = options;
  if (!Number.isInteger(imagesPerClass) || imagesPerClass < 1) {
    throw new UsageError(
      `the number of images per class must be a positive integer, got ${imagesPerClass}`,
    );
  }
  checkFormation(formation, dataset.shape.height, dataset.shape.width);
  const images = scope(() => noGrad(() => startingImages(dataset, options)));
  return new SyntheticImages(images, dataset.classNames.length, formation);
}

function startingImages(dataset: Dataset, options: SyntheticOptions): Tensor {
  const { imagesPerClass, formation, initialization, random } = options;
  const classes = dataset.classNames.length;
  const { channels, height, width } = dataset.shape;
  const shape = [classes * imagesPerClass, channels, height, width];
  switch (initialization.kind) {
    case 'noise':
      return initialization.distribution === 'gaussian'
        ? gaussianNoise(dataset, shape, options)
        : random.uniformTensor(shape);
    case 'random':
      return realImages(dataset, imagesPerClass, random);
    case 'mix': {
      const tiles = imagesPerClass * formation.factor ** 2;
      const candidates = options.candidates ?? indicesByClass(dataset.labels, classes);
      return mixedImages(
        dataset,
        // A small class lends an image to several tiles.
        drawEvenly(dataset, candidates, tiles, random, imagesPerClass),
        formation.factor,
        initialization.filter ?? 'nearest',
        random,
      );
    }
    case 'load':
      return toDeviceOf(loadImages(initialization.path, shape, classes), random.device);
  }
}

/** What DC starts from: standard normal numbers, taken for normalised images. */
function gaussianNoise(
  { normalization }: Dataset,
  shape: readonly number[],
  { random, space }: SyntheticOptions,
): Tensor {
  const pixels = denormalize(random.normal(shape), normalization);
  return space === 'unbounded' ? pixels : pixels.clamp(0, 1);
}

/** `count` different real images of every class, class by class: [classes · count, c, h, w] in [0, 1]. */
export function realImages(dataset: Dataset, count: number, random: RandomGenerator): Tensor {
  const chosen = drawEvenly(
    dataset,
    indicesByClass(dataset.labels, dataset.classNames.length),
    count,
    random,
  );
  return pixelsToTensor(dataset.read(chosen), chosen.length, dataset.shape, random.device);
}

/**
 * Draws `perClass` images of every class. `groups` are the candidates: one group per class, or a number of groups per
 * class that divides `perClass`, each giving its equal share. No image is drawn again before all of its group were,
 * and never when fewer than `least` of a group are there.
 */
function drawEvenly(
  dataset: Dataset,
  groups: readonly Int32Array[],
  perClass: number,
  random: RandomGenerator,
  least = perClass,
): Int32Array {
  const share = (perClass * dataset.classNames.length) / groups.length;
  const needed = Math.min(share, least);
  const chosen: number[] = [];
  for (const [index, group] of groups.entries()) {
    if (group.length < needed) {
      const label =
        dataset.classNames[Math.floor((index * dataset.classNames.length) / groups.length)];
      throw new UsageError(
        `${dataset.name} has ${group.length} images to choose from for class '${label}', ${needed} are needed. Use fewer images per class, or start from noise.`,
      );
    }
    for (let drawn = 0; drawn < share; drawn += group.length) {
      const order = random.permutation(group.length).subarray(0, share - drawn);
      for (const position of order) chosen.push(group[position]!);
    }
  }
  return Int32Array.from(chosen);
}

/** Stored images of factor² tiles, each one of the dataset's images scaled down. */
function mixedImages(
  dataset: Dataset,
  indices: Int32Array,
  factor: number,
  filter: MixFilter,
  random: RandomGenerator,
): Tensor {
  const { channels, height, width } = dataset.shape;
  const real = pixelsToTensor(dataset.read(indices), indices.length, dataset.shape, random.device);
  if (factor === 1) return real;
  const [rows, columns] = tileSize(height, width, factor);
  return scaledDown(real, [rows, columns], filter)
    .reshape([indices.length / factor ** 2, factor, factor, channels, rows, columns])
    .permute([0, 3, 1, 4, 2, 5])
    .reshape([indices.length / factor ** 2, channels, factor * rows, factor * columns])
    .narrow(2, 0, height)
    .narrow(3, 0, width)
    .contiguous()
    .clamp(0, 1);
}

/**
 * Images [n, c, h, w] at another size. 'nearest' takes pixel ⌊i · h / rows⌋, as the official code does; 'average' is
 * bilinear without antialiasing, which averages factor 2's pixels in pairs and blurs less than antialiasing would.
 */
function scaledDown(images: Tensor, size: readonly [number, number], filter: MixFilter): Tensor {
  if (filter === 'average') return upsampleBilinear(images, size, false);
  const [, , height, width] = images.shape as [number, number, number, number];
  const chosen = (from: number, to: number): Tensor => {
    const positions = Array.from({ length: to }, (_, index) => Math.floor((index * from) / to));
    return toDeviceOf(tensor(positions, [to], 'int64'), images.device);
  };
  return images.indexSelect(2, chosen(height, size[0])).indexSelect(3, chosen(width, size[1]));
}

function loadImages(path: string, shape: readonly number[], classes: number): Tensor {
  const { images, labels } = path.endsWith('.pt') ? pairOf(path) : tensorsOf(path);
  if (images === undefined) throw new UsageError(`${path} holds no tensor named 'images'`);
  if (images.shape.join() !== shape.join()) {
    throw new UsageError(
      `${path} holds images of shape [${images.shape.join(', ')}], expected [${shape.join(', ')}] (classes × images per class, channels, height, width)`,
    );
  }
  if (labels !== undefined) requireClassOrder(path, labels, classes);
  const pixels = images.to('float32').clone();
  const [low, high] = [pixels.mul(-1).max().item() * -1, pixels.max().item()];
  if (!(low >= 0 && high <= 1)) {
    throw new UsageError(`${path} holds pixels from ${low} to ${high}, expected values in [0, 1]`);
  }
  return pixels;
}

interface StoredImages {
  readonly images: Tensor | undefined;
  readonly labels: Tensor | undefined;
}

function tensorsOf(path: string): StoredImages {
  const { tensors } = loadSafetensors(path);
  return { images: tensors.get('images'), labels: tensors.get('labels') };
}

function pairOf(path: string): StoredImages {
  const stored = loadPt(path);
  const [images, labels] = Array.isArray(stored) ? stored : [stored];
  if (!(images instanceof Tensor)) {
    throw new UsageError(`${path} does not hold a tensor of images, or [images, labels]`);
  }
  return { images, labels: labels instanceof Tensor ? labels : undefined };
}

/** Synthetic images come class by class; a file in another order would be mislabelled without a word. */
function requireClassOrder(path: string, labels: Tensor, classes: number): void {
  const found = Array.from(labels.toArray(), Number);
  const perClass = found.length / classes;
  const position = found.findIndex((label, index) => label !== Math.floor(index / perClass));
  if (position < 0) return;
  throw new UsageError(
    `${path} holds label ${found[position]} at image ${position}, expected ${Math.floor(position / perClass)}: the images must come class by class, equally many of each`,
  );
}

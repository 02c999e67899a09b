import { type OwnChoice, UsageError } from '../core/index.js';
import { type RandomGenerator, scope, type Tensor } from '../tensor/index.js';
import { type Affine, compose, identity, mirror, rotation, scale, shift } from './affine.js';
import { type BandOrder, drawBands, shuffleBands } from './bands.js';
import { applyColour, type ColourTransform, checkColour, drawColour } from './colour.js';
import { drawShift } from './crop.js';
import { applyOwn, drawOwn, type OwnDraw } from './define.js';
import { checkGeometry, chosenFamily, type Families, geometry, single } from './families.js';
import { batchSize, type ImageSize, requireSameSize, requireStrength } from './images.js';
import { applyCutouts, drawCutout, type Rectangle } from './rectangle.js';
import { drawAngle, drawScale, resample } from './resample.js';
import { drawResizedCrop, uniformsPerResizedCrop } from './resized-crop.js';
import { drawUniforms, type Uniforms } from './uniforms.js';

/** What the augmentation for training a network does, and how strongly. */
export interface TrainingAugmentation extends Families {
  /** 'one': each batch gets one of crop, scale and rotation, as far as they are on; 'all': each of them; or 'none'. */
  readonly geometry: 'one' | 'all' | 'none';
  /**
   * Cuts each image into so many bands of columns and of rows and shows them in another order, before all else: the patches
   * of a mosaic change places; null or 1: off.
   */
  readonly bands: number | null;
  /** Shows a crop of at least this share of each image's area at full size, after the bands; null or 1: off. */
  readonly resizedCrop: number | null;
  /** One of the user's own, after all others; see `defineAugmentation`. */
  readonly own?: OwnChoice;
}

/** The official code's settings for training on a distilled set; mixing images (cutmix) takes the place of cutout. */
export const officialTraining: TrainingAugmentation = {
  flip: true,
  brightness: 1,
  saturation: 2,
  contrast: 0.5,
  crop: 0.125,
  scale: 1.2,
  rotate: 15,
  cutout: null,
  geometry: 'one',
  choose: 'all',
  bands: null,
  resizedCrop: null,
};

/**
 * That of DSA's evaluation, which DM, MTT and TESLA have too: one of six families for each batch, drawn for each image
 * (Zhao & Bilen, ICML 2021).
 */
export const dsaTraining: TrainingAugmentation = {
  ...officialTraining,
  cutout: 0.5,
  geometry: 'all',
  choose: 'one',
};

/** Changes nothing. */
export const noAugmentation: TrainingAugmentation = {
  flip: false,
  brightness: null,
  saturation: null,
  contrast: null,
  crop: null,
  scale: null,
  rotate: null,
  cutout: null,
  geometry: 'none',
  choose: 'all',
  bands: null,
  resizedCrop: null,
};

/** What happens to one image. */
export interface TrainingTransform extends ColourTransform {
  /** Resized crop, flip, crop, scale and rotation as one map; see `Affine`. */
  readonly map: Affine;
  /** Absent where they stay. */
  readonly bands?: BandOrder;
  readonly cutout: Rectangle | null;
}

/** One draw for every image of a batch: plain numbers that JSON can hold. */
export interface TrainingDraw extends ImageSize {
  readonly images: readonly TrainingTransform[];
  /** For all of them. */
  readonly own?: OwnDraw;
}

export interface TrainingDrawOptions extends ImageSize {
  /** The number of images. */
  readonly images: number;
  readonly random: RandomGenerator;
}

/** Uniform numbers that one image takes; always all of them, so that an option changes no other option's draws. */
const uniformsPerImage = 11;

/**
 * Draws one transform per image for a batch of images of `height` × `width` pixels. Throws UsageError when an option
 * is out of range.
 */
export function drawTraining(
  options: TrainingAugmentation,
  { images, height, width, random }: TrainingDrawOptions,
): TrainingDraw {
  checkColour(options);
  checkGeometry(options);
  checkParts(options);
  const next = drawUniforms(random, 1 + images * uniformsPerImage);
  const choice = next();
  const chosen = chosenFamily(geometryOf(options, choice), choice);
  const image = { height, width };
  const transforms = Array.from({ length: images }, () => ({
    ...drawColour(chosen, next),
    cutout: drawCutout(image, chosen.cutout, next),
    map: drawMap(chosen, image, next),
  }));
  return {
    ...image,
    images: inParts(transforms, options, image, random),
    ...drawOwn(options.own, image, random),
  };
}

/** With bands and resized crops, which are drawn after all others, and only where they are on. */
function inParts(
  transforms: readonly TrainingTransform[],
  options: TrainingAugmentation,
  image: ImageSize,
  random: RandomGenerator,
): readonly TrainingTransform[] {
  const bands = options.bands ?? 1;
  const most = Math.min(image.height, image.width);
  if (bands > most) {
    throw new UsageError(
      `the augmentation 'bands' must be at most ${most} for images of ${image.height}×${image.width} pixels, got ${bands}`,
    );
  }
  const least = options.resizedCrop ?? 1;
  if (bands === 1 && least === 1) return transforms;
  const numbers = 2 * bands + uniformsPerResizedCrop;
  const next = drawUniforms(random, transforms.length * numbers);
  return transforms.map((transform) => ({
    ...transform,
    ...(bands > 1 && { bands: drawBands(bands, next) }),
    ...(least < 1 && { map: compose(drawResizedCrop(image, least, next), transform.map) }),
  }));
}

function checkParts({ bands, resizedCrop }: TrainingAugmentation): void {
  requireStrength('resizedCrop', resizedCrop, 0.01, 1);
  if (bands === null || (Number.isInteger(bands) && bands > 0)) return;
  throw new UsageError(
    `the augmentation 'bands' must be a positive integer, or null to switch it off; got ${bands}`,
  );
}

function geometryOf(options: TrainingAugmentation, choice: number): TrainingAugmentation {
  if (options.geometry === 'all') return options;
  if (options.geometry === 'one') return single(options, geometry, choice);
  return Object.assign({ ...options }, ...geometry);
}

function drawMap(options: TrainingAugmentation, image: ImageSize, next: Uniforms): Affine {
  const flips = next() < 0.5 && options.flip;
  const rows = drawShift(image.height, options.crop, next);
  const columns = drawShift(image.width, options.crop, next);
  const vertical = drawScale(options.scale, next);
  const horizontal = drawScale(options.scale, next);
  const degrees = drawAngle(options.rotate, next);
  return compose(
    flips ? mirror : identity,
    shift(image, rows, columns),
    scale(vertical, horizontal),
    rotation(image, degrees),
  );
}

/**
 * Applies a draw to `images` [n, c, h, w], normalised so that zero is the data's mean: bands, colour, then all geometry in one
 * bilinear resampling that reads zeros outside the image, then cutout. Differentiable; the result may share memory with the
 * images. Throws RangeError when the images do not fit the draw.
 */
export function applyTraining(images: Tensor, draw: TrainingDraw): Tensor {
  const { images: count, channels, height, width } = batchSize(images);
  requireSameSize({ height, width }, draw);
  if (count !== draw.images.length) {
    throw new RangeError(
      `the augmentation was drawn for ${draw.images.length} images, got ${count}`,
    );
  }
  const shape = [count, 1, channels, height, width];
  return scope(() => {
    const coloured = applyColour(inOrder(images, draw.images).reshape(shape), draw.images).reshape(
      images.shape,
    );
    const moved = resample(
      coloured,
      draw.images.map(({ map }) => map),
    );
    const cut = applyCutouts(
      moved.reshape(shape),
      draw.images.map(({ cutout }) => cutout),
    );
    return applyOwn(cut.reshape(images.shape), draw.own);
  });
}

function inOrder(images: Tensor, transforms: readonly TrainingTransform[]): Tensor {
  const orders = transforms.flatMap(({ bands }) => bands ?? []);
  return orders.length === 0 ? images : shuffleBands(images, orders);
}

/**
 * Augments normalised images [n, c, h, w] for training, each with its own draw. What applies is said by `choose` and, of the
 * geometric changes, by `geometry`. Differentiable; the result may share memory with the images. Throws UsageError when
 * an option is out of range.
 */
export function augmentBatch(
  images: Tensor,
  options: TrainingAugmentation,
  random: RandomGenerator,
): Tensor {
  const { images: count, height, width } = batchSize(images);
  return applyTraining(images, drawTraining(options, { images: count, height, width, random }));
}

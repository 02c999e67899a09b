import type { OwnChoice } from '../core/index.js';
import {
  affineGrid,
  gridSample,
  noGrad,
  type RandomGenerator,
  scope,
  type Tensor,
} from '../tensor/index.js';
import {
  type Affine,
  compose,
  identity,
  isIdentity,
  mirror,
  rotation,
  scale,
  shift,
} from './affine.js';
import {
  applyColour,
  type ColourOptions,
  type ColourTransform,
  checkColour,
  drawColour,
} from './colour.js';
import { drawShift } from './crop.js';
import { applyOwn, drawOwn, type OwnDraw } from './define.js';
import { batchSize, type ImageSize, requireSameSize, requireStrength } from './images.js';
import { constantLike } from './operators.js';
import { applyCutouts, drawCutout, type Rectangle } from './rectangle.js';
import { drawUniforms, type Uniforms } from './uniforms.js';

/** What the augmentation for training a network does, and how strongly. */
export interface TrainingAugmentation extends ColourOptions {
  /** Mirrors left and right, with probability 1/2. */
  readonly flip: boolean;
  /** Shifts by whole pixels, up to this fraction of the height and of the width; null or 0: off. */
  readonly crop: number | null;
  /** Stretches each axis by a factor uniform in [1/scale, scale]; null or 1: off. */
  readonly scale: number | null;
  /** Turns by an angle uniform in ± this many degrees; null or 0: off. */
  readonly rotate: number | null;
  /** Zeroes a square whose side is this fraction of the image's; null or 0: off. */
  readonly cutout: number | null;
  /** 'one': each batch gets one of crop, scale and rotation, as far as they are on; 'all': each of them; or 'none'. */
  readonly geometry: 'one' | 'all' | 'none';
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
};

/** What happens to one image. */
export interface TrainingTransform extends ColourTransform {
  /** Flip, crop, scale and rotation as one map; see `Affine`. */
  readonly map: Affine;
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

type Geometry = 'crop' | 'scale' | 'rotate';

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
  requireStrength('crop', options.crop, 0, 1);
  requireStrength('scale', options.scale, 1);
  requireStrength('rotate', options.rotate, 0, 180);
  requireStrength('cutout', options.cutout, 0, 1);
  const next = drawUniforms(random, 1 + images * uniformsPerImage);
  const kinds = chooseGeometry(options, next());
  const image = { height, width };
  return {
    ...image,
    images: Array.from({ length: images }, () => ({
      ...drawColour(options, next),
      cutout: drawCutout(image, options.cutout, next),
      map: drawMap(options, kinds, image, next),
    })),
    ...drawOwn(options.own, image, random),
  };
}

function chooseGeometry(options: TrainingAugmentation, choice: number): readonly Geometry[] {
  const on: Geometry[] = [];
  if (options.crop) on.push('crop');
  if (options.scale !== null && options.scale > 1) on.push('scale');
  if (options.rotate) on.push('rotate');
  if (options.geometry === 'none') return [];
  if (options.geometry === 'all') return on;
  return on.slice(Math.floor(choice * on.length)).slice(0, 1);
}

function drawMap(
  options: TrainingAugmentation,
  kinds: readonly Geometry[],
  image: ImageSize,
  next: Uniforms,
): Affine {
  const flips = next() < 0.5 && options.flip;
  const rows = drawShift(image.height, options.crop, next);
  const columns = drawShift(image.width, options.crop, next);
  const vertical = drawScale(options.scale, next);
  const horizontal = drawScale(options.scale, next);
  const degrees = (2 * next() - 1) * (options.rotate ?? 0);
  return compose(
    flips ? mirror : identity,
    kinds.includes('crop') ? shift(image, rows, columns) : identity,
    kinds.includes('scale') ? scale(vertical, horizontal) : identity,
    kinds.includes('rotate') ? rotation(image, degrees) : identity,
  );
}

function drawScale(ratio: number | null, next: Uniforms): number {
  const most = ratio ?? 1;
  return 1 / most + next() * (most - 1 / most);
}

/**
 * Applies a draw to `images` [n, c, h, w], normalised so that zero is the data's mean: colour, then all geometry in one
 * bilinear resampling that reads zeros outside the image, then cutout. Records no gradient; the result may share memory
 * with the images. Throws RangeError when the images do not fit the draw.
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
  return noGrad(() =>
    scope(() => {
      const coloured = applyColour(images.reshape(shape), draw.images);
      const moved = resample(coloured.reshape(images.shape), draw.images);
      const cut = applyCutouts(
        moved.reshape(shape),
        draw.images.map(({ cutout }) => cutout),
      );
      return applyOwn(cut.reshape(images.shape), draw.own);
    }),
  );
}

function resample(images: Tensor, transforms: readonly TrainingTransform[]): Tensor {
  if (transforms.every(({ map }) => isIdentity(map))) return images;
  const theta = constantLike(
    transforms.flatMap(({ map }) => map),
    [transforms.length, 2, 3],
    images,
  );
  return gridSample(images, affineGrid(theta, images.shape, false), 0, 0, false);
}

/**
 * Augments normalised images [n, c, h, w] for training, each with its own draw. Flip and colour always apply; of the
 * geometric changes, `geometry` says which. Records no gradient; the result may share memory with the images. Throws
 * UsageError when an option is out of range.
 */
export function augmentBatch(
  images: Tensor,
  options: TrainingAugmentation,
  random: RandomGenerator,
): Tensor {
  const { images: count, height, width } = batchSize(images);
  return applyTraining(images, drawTraining(options, { images: count, height, width, random }));
}

import type { OwnChoice } from '../core/index.js';
import { cat, type RandomGenerator, scope, stack, type Tensor } from '../tensor/index.js';
import { type Affine, compose, identity, rotation, scale } from './affine.js';
import { applyColour, type ColourTransform, checkColour, drawColour } from './colour.js';
import { drawShift } from './crop.js';
import { applyOwn, drawOwn, type OwnDraw } from './define.js';
import { checkGeometry, chosenFamily, type Families } from './families.js';
import { batchSize, type ImageSize, requireSameSize } from './images.js';
import { unbind } from './operators.js';
import { applyCutouts, drawCutout, type Rectangle } from './rectangle.js';
import { drawAngle, drawScale, resample } from './resample.js';
import { drawUniforms, type Uniforms } from './uniforms.js';

/** What the augmentation for matching does, and how strongly. */
export interface SiameseOptions extends Families {
  /** One of the user's own, after all others; see `defineAugmentation`. */
  readonly own?: OwnChoice;
}

/** NCFM's official code's settings: colour, crop and cutout. */
export const defaultSiamese: SiameseOptions = {
  brightness: 1,
  saturation: 2,
  contrast: 0.5,
  crop: 0.125,
  cutout: 0.5,
  flip: false,
  scale: null,
  rotate: null,
  choose: 'all',
};

/** That of DSA, which DM has too: one of six families for each class. */
export const dsaSiamese: SiameseOptions = {
  ...defaultSiamese,
  flip: true,
  scale: 1.2,
  rotate: 15,
  choose: 'one',
};

/** Changes nothing. */
export const noSiamese: SiameseOptions = {
  brightness: null,
  saturation: null,
  contrast: null,
  crop: null,
  cutout: null,
  flip: false,
  scale: null,
  rotate: null,
  choose: 'all',
};

/** What happens to all images of one group. */
export interface SiameseTransform extends ColourTransform {
  readonly flip: boolean;
  /** Pixels by which the content moves down and to the right. */
  readonly shift: { readonly rows: number; readonly columns: number };
  /** Scale and rotation; absent where both are off. */
  readonly map?: Affine;
  readonly cutout: Rectangle | null;
  readonly own?: OwnDraw;
}

/** One draw for every group, for images of one size: plain numbers that JSON can hold. */
export interface SiameseDraw extends ImageSize {
  readonly groups: readonly SiameseTransform[];
}

export interface SiameseDrawOptions extends ImageSize {
  /** The number of groups; in matching, one group is the images of one class. */
  readonly groups: number;
  readonly random: RandomGenerator;
}

/** Uniform numbers that one group takes; always all of them, so that an option changes no other option's draws. */
const uniformsPerGroup = 8;

/** Those of scale and rotation, which are drawn after all others, and only where one of both is on. */
const uniformsPerMap = 3;

/**
 * Draws one transform per group for images of `height` × `width` pixels; to be applied to the real and to the
 * synthetic images alike (differentiable siamese augmentation: Zhao & Bilen, "Dataset Condensation with Differentiable
 * Siamese Augmentation", ICML 2021). Throws UsageError when an option is out of range.
 */
export function drawSiamese(options: SiameseOptions, target: SiameseDrawOptions): SiameseDraw {
  checkColour(options);
  checkGeometry(options);
  const { groups, height, width, random } = target;
  const next = drawUniforms(random, groups * uniformsPerGroup);
  const nextChoice = options.choose === 'one' ? drawUniforms(random, groups) : () => 0;
  const nextMap = drawsMaps(options) ? drawUniforms(random, groups * uniformsPerMap) : undefined;
  const drawn = (): SiameseTransform => {
    const chosen = chosenFamily(options, nextChoice());
    return {
      ...drawGroup(chosen, target, next),
      ...(nextMap && { map: drawMap(chosen, target, nextMap) }),
      ...drawOwn(options.own, { height, width }, random),
    };
  };
  return { height, width, groups: Array.from({ length: groups }, drawn) };
}

function drawsMaps(options: SiameseOptions): boolean {
  return (options.scale ?? 1) > 1 || (options.rotate ?? 0) > 0;
}

function drawMap(options: SiameseOptions, image: ImageSize, next: Uniforms): Affine {
  const vertical = drawScale(options.scale, next);
  const horizontal = drawScale(options.scale, next);
  const degrees = drawAngle(options.rotate, next);
  return compose(scale(vertical, horizontal), rotation(image, degrees));
}

function drawGroup(options: SiameseOptions, image: ImageSize, next: Uniforms): SiameseTransform {
  return {
    ...drawColour(options, next),
    shift: {
      rows: drawShift(image.height, options.crop, next),
      columns: drawShift(image.width, options.crop, next),
    },
    cutout: drawCutout(image, options.cutout, next),
    flip: next() < 0.5 && options.flip,
  };
}

/**
 * Applies a draw to `images` [groups · m, c, h, w], the m images of a group following each other: flip, colour, shift,
 * scale and rotation, cutout. m may differ between the real and the synthetic images that share the draw. The images are normalised
 * already, so that the zeros filled in are the data's mean, as in the official code. Differentiable; the result may
 * share memory with the images. Throws RangeError when the images do not fit the draw.
 */
export function applySiamese(images: Tensor, draw: SiameseDraw): Tensor {
  const size = batchSize(images);
  requireSameSize(size, draw);
  const { groups, height, width } = draw;
  if (groups.length === 0 || size.images % groups.length !== 0) {
    throw new RangeError(
      `${size.images} images cannot be split evenly into the ${groups.length} groups of the draw`,
    );
  }
  return scope(() => {
    const shape = [groups.length, size.images / groups.length, size.channels, height, width];
    const coloured = applyColour(images.reshape(shape), groups);
    const turned = resampleGroups(move(coloured, groups), groups);
    const cut = applyCutouts(
      turned,
      groups.map(({ cutout }) => cutout),
    );
    return applyToGroups(cut, groups).reshape(images.shape);
  });
}

/** Augmentations of the user's own, group by group. */
function applyToGroups(images: Tensor, groups: readonly SiameseTransform[]): Tensor {
  if (groups.every(({ own }) => own === undefined)) return images;
  return stack(unbind(images, 0).map((group, index) => applyOwn(group, groups[index]!.own)));
}

/** Where some neighbouring images lie in a batch that a draw is for. */
export interface SiameseRows {
  /** The position of the first of them in the batch. */
  readonly first: number;
  /** Images of each group in the whole batch, m. */
  readonly perGroup: number;
}

/**
 * Applies a draw to some images [n, c, h, w] of a batch [groups · m, c, h, w], exactly as `applySiamese` does to them
 * within the whole batch; they may begin and end anywhere in a group. Throws RangeError when the batch has no such
 * images.
 */
export function applySiameseRows(
  images: Tensor,
  draw: SiameseDraw,
  { first, perGroup }: SiameseRows,
): Tensor {
  const end = first + batchSize(images).images;
  if (first < 0 || end > draw.groups.length * perGroup) {
    throw new RangeError(
      `the images ${first} to ${end} do not lie in a batch of ${draw.groups.length} groups of ${perGroup}`,
    );
  }
  return scope(() => {
    const pieces = evenPieces(first, end, perGroup).map(({ start, length, group, groups }) =>
      applySiamese(images.narrow(0, start - first, length), {
        ...draw,
        groups: draw.groups.slice(group, group + groups),
      }),
    );
    return pieces.length === 1 ? pieces[0]! : cat(pieces);
  });
}

/** Rows as at most three pieces, each of equally many rows from every group it touches: a rest, whole groups, a rest. */
function evenPieces(first: number, end: number, perGroup: number) {
  const whole = Math.min(end, Math.ceil(first / perGroup) * perGroup);
  const rest = Math.max(whole, Math.floor(end / perGroup) * perGroup);
  return [
    { start: first, length: whole - first },
    { start: whole, length: rest - whole },
    { start: rest, length: end - rest },
  ]
    .filter(({ length }) => length > 0)
    .map((piece) => ({
      ...piece,
      group: Math.floor(piece.start / perGroup),
      groups: Math.ceil(piece.length / perGroup),
    }));
}

/** Flips and shifts; colour does not depend on where a pixel is, so flipping after it is the same as before. */
function move(images: Tensor, groups: readonly SiameseTransform[]): Tensor {
  const still = groups.every(({ flip, shift }) => !flip && shift.rows === 0 && shift.columns === 0);
  if (still) return images;
  const moved = unbind(images, 0).map((group, index) => {
    const { flip, shift } = groups[index]!;
    const flipped = flip ? group.flip([3]) : group;
    if (shift.rows === 0 && shift.columns === 0) return flipped;
    // A negative width of the padding on one side cuts off what the other side adds.
    return flipped.pad([shift.columns, -shift.columns, shift.rows, -shift.rows]);
  });
  return stack(moved);
}

/** Scales and turns images [groups, m, c, h, w]; all channels of a group are shown by its map at once. */
function resampleGroups(images: Tensor, groups: readonly SiameseTransform[]): Tensor {
  const [count, m, channels, height, width] = images.shape as [number, ...number[]];
  const maps = groups.map(({ map = identity }) => map);
  return resample(images.reshape([count, m! * channels!, height!, width!]), maps).reshape(
    images.shape,
  );
}

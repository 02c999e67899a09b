import sharp, { type Sharp } from 'sharp';
import { UsageError } from '../../core/errors.js';
import type { ImageShape } from '../../core/image-shape.js';
import { pixelsPerImage } from '../dataset/dataset.js';
import { type PictureFit, type Placement, placePicture, type Size } from './geometry.js';
import { decodeHighBitDepth, isHighBitDepth } from './high-bit-depth.js';
import {
  type OpenOptions,
  type OpenPicture,
  openPicture,
  type PictureInput,
} from './open-picture.js';
import { type ColourPixels, resampleLikePil } from './resample.js';
import type { ValueScale } from './value-scale.js';

export interface DecodeOptions extends OpenOptions {
  /** What it becomes: 1 (grey) or 3 (red, green, blue) channels, and any size. */
  readonly shape: ImageShape;
  /** Default: `crop`. */
  readonly fit?: PictureFit;
  /** What becomes black and white in pictures of more than 8 bits. Default: the whole range of their type. */
  readonly scale?: ValueScale;
}

/**
 * Decodes a JPEG, PNG, WebP, GIF (its first frame), TIFF (its first page) or AVIF file and brings it to a size.
 *
 * The result is what PIL and torchvision users get from `ImageOps.exif_transpose`, `convert('RGB')`,
 * `Resize(side)` and `CenterCrop(side)`:
 * - The EXIF orientation is applied; colour profiles are not.
 * - Transparency is dropped, not composited: a transparent pixel shows the colour stored beneath it.
 * - Values of more than 8 bits are spread from black to white as `scale` says. Without it, 16-bit values keep their high
 *   byte (PIL does so for colour; 16-bit grey it clips to white), and floats are taken to lie in [0, 1].
 * - CMYK becomes RGB by PIL's plain formula.
 * - The scaling is bilinear with antialiasing. Unscaled and enlarged pictures have PIL's values exactly. Reduced
 *   ones differ by at most 10 steps of 255, on pure noise (on photographs by 6), and by less than one on average:
 *   libvips first averages whole pixels where PIL weighs them. A decoder's own scaling while it loads a JPEG is not
 *   used, as it would differ by up to 75.
 * - One channel is ITU-R 601 luma, (19595 R + 38470 G + 7471 B + 32768) >> 16 as in PIL's mode 'L', of the scaled
 *   picture. A grey picture asked for in three channels has three equal ones.
 *
 * The work is done on libuv's thread pool (`UV_THREADPOOL_SIZE`, 4 by default), not on the thread that calls, and
 * decoding many pictures at once fills the processor. libvips may use threads of its own within one picture
 * (`sharp.concurrency`), which gains little for small pictures. Both are settings of the process; this function
 * changes neither. A call may hold the whole decoded picture, so bound how many are under way.
 *
 * @returns [channels, height, width], uint8.
 * @throws UsageError naming the picture if it is missing, of no known format, truncated or damaged, or declares
 *   more than maxPixels; or if the shape is not one that pictures can have.
 */
export async function decodePicture(
  input: PictureInput,
  options: DecodeOptions,
): Promise<Uint8Array> {
  const { shape, fit = 'crop', scale: values = {} } = options;
  checkPictureShape(shape);
  const picture = await openPicture(input, options);
  const { width, height } = picture.metadata.autoOrient;
  const placement = placePicture({ width, height }, shape, fit);
  const pixels =
    isPlain(picture) && isReduction({ width, height }, placement.scaled)
      ? await decodeReduced(picture, placement, shape)
      : await scale(await decodeUpright(picture, values), placement, shape);
  return shape.channels === 1 ? luma(pixels) : planes(pixels);
}

/** Whether a picture's stored pixels are its colours: they need no turning, and no conversion before the scaling. */
function isPlain({ metadata }: OpenPicture): boolean {
  const { hasAlpha, depth, space, orientation = 1 } = metadata;
  return (
    !hasAlpha && depth === 'uchar' && (space === 'srgb' || space === 'b-w') && orientation === 1
  );
}

function isReduction(from: Size, scaled: Size): boolean {
  const same = from.width === scaled.width && from.height === scaled.height;
  return !same && scaled.width <= from.width && scaled.height <= from.height;
}

/** The common case in one go, which never holds the whole picture. */
async function decodeReduced(
  picture: OpenPicture,
  placement: Placement,
  size: Size,
): Promise<ColourPixels> {
  const { width, height } = picture.metadata;
  // Cutting out the whole picture first keeps libvips from scaling while it loads.
  const whole = { left: 0, top: 0, width, height };
  const { data, info } = await picture.decode((image) =>
    reduce(image.extract(whole), placement, size)
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true }),
  );
  if (info.channels !== 3) throw unknownColours(picture, info.channels);
  return { width: size.width, height: size.height, values: data };
}

function reduce(image: Sharp, { scaled, left, top }: Placement, { width, height }: Size): Sharp {
  return image
    .resize(scaled.width, scaled.height, { fit: 'fill', kernel: 'linear' })
    .extract({ left, top, width, height });
}

/** The whole picture, upright. */
function decodeUpright(picture: OpenPicture, values: ValueScale): Promise<ColourPixels> {
  const { depth } = picture.metadata;
  // The high byte is what the ordinary way gives.
  const highByte = depth === 'ushort' && values !== 'unknown' && !('ushort' in values);
  return isHighBitDepth(picture) && !highByte
    ? decodeHighBitDepth(picture, values)
    : decodeWhole(picture);
}

async function decodeWhole(picture: OpenPicture): Promise<ColourPixels> {
  const cmyk = picture.metadata.space === 'cmyk';
  const { data, info } = await picture.decode((image) => {
    const upright = image.autoOrient();
    const typed = cmyk
      ? upright.pipelineColourspace('cmyk').toColourspace('cmyk')
      : upright.removeAlpha().toColourspace('srgb');
    return typed.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  });
  const { width, height, channels } = info;
  const count = width * height;
  if (channels !== (cmyk ? 4 : 3)) throw unknownColours(picture, channels);
  return { width, height, values: cmyk ? colourFromInk(data, count) : data };
}

function unknownColours({ name, metadata }: OpenPicture, channels: number): UsageError {
  return new UsageError(
    `${name}: the picture has ${channels} channels of colour space '${metadata.space}', which can't be read; ` +
      'expected grey, RGB or CMYK; convert it, or take it out',
  );
}

/** PIL's conversion: each colour is what ink and black leave of white. ink: [count, 4], 255 = covered. */
function colourFromInk(ink: Uint8Array, count: number): Uint8Array {
  const values = new Uint8Array(count * 3);
  for (let pixel = 0; pixel < count; pixel++) {
    const white = 255 - ink[4 * pixel + 3]!;
    for (let channel = 0; channel < 3; channel++) {
      const product = ink[4 * pixel + channel]! * white + 128;
      values[3 * pixel + channel] = white - (((product >> 8) + product) >> 8);
    }
  }
  return values;
}

async function scale(from: ColourPixels, placement: Placement, to: Size): Promise<ColourPixels> {
  const { scaled, left, top } = placement;
  const { width, height } = to;
  const whole = scaled.width === width && scaled.height === height;
  if (whole && from.width === width && from.height === height) return from;
  // libvips enlarges by another rule than PIL.
  if (!isReduction(from, scaled)) {
    return resampleLikePil(from, scaled, { left, top, width, height });
  }
  const raw = { width: from.width, height: from.height, channels: 3 as const };
  const values = await reduce(sharp(from.values, { raw }), placement, to).raw().toBuffer();
  return { width, height, values };
}

/** Holds one picture at a time, and only within a call. */
let scratch = new Uint8Array(0);

/** Separates the channels in place: what a picture is decoded into is the largest thing that decoding allocates. */
function planes({ width, height, values }: ColourPixels): Uint8Array {
  const plane = width * height;
  if (scratch.length < plane * 3) scratch = new Uint8Array(plane * 3);
  const interleaved = scratch;
  interleaved.set(values);
  for (let channel = 0; channel < 3; channel++) {
    const start = channel * plane;
    for (let pixel = 0, from = channel; pixel < plane; pixel++, from += 3) {
      values[start + pixel] = interleaved[from]!;
    }
  }
  return new Uint8Array(values.buffer, values.byteOffset, values.length);
}

function luma({ width, height, values }: ColourPixels): Uint8Array {
  const grey = new Uint8Array(width * height);
  for (let pixel = 0; pixel < grey.length; pixel++) {
    const red = values[3 * pixel]!;
    const green = values[3 * pixel + 1]!;
    const blue = values[3 * pixel + 2]!;
    grey[pixel] = (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;
  }
  return grey;
}

/** Larger images than this are a mistake: 2^27 values, as for `defaultMaxPixels`. */
const maxValues = 2 ** 27;

/**
 * Checks that pictures can be decoded to a shape.
 *
 * @throws UsageError if it has not 1 or 3 channels, or a side that is no positive whole number, or is too large.
 */
export function checkPictureShape(shape: ImageShape): void {
  const { channels, height, width } = shape;
  const sides = [height, width].every((side) => Number.isSafeInteger(side) && side > 0);
  if ((channels === 1 || channels === 3) && sides && pixelsPerImage(shape) <= maxValues) return;
  throw new UsageError(
    `pictures can't be decoded to ${channels}×${height}×${width}; expected 1 or 3 channels, and a height and width ` +
      `that are positive whole numbers, of at most ${maxValues} values in all`,
  );
}

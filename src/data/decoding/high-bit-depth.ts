import { UsageError } from '../../core/errors.js';
import { declaredLargest } from './declared-depth.js';
import {
  type OpenOptions,
  type OpenPicture,
  openPicture,
  type PictureInput,
} from './open-picture.js';
import type { ColourPixels } from './resample.js';
import { type MeasuredValues, UnknownScale, type ValueScale, wholeRange } from './value-scale.js';

/** The colour spaces in which values are shades of grey or of red, green and blue, in one and three channels. */
const greySpaces = ['b-w', 'grey16'];
const colourSpaces = ['srgb', 'rgb', 'rgb16', 'scrgb'];

/** Values that a picture of more than 8 bits may declare, at most: they take 4 bytes each while it is decoded. */
const maxValues = 2 ** 26;

/** Whether a picture's values have more than 8 bits. */
export function isHighBitDepth({ metadata: { depth, space } }: OpenPicture): boolean {
  return depth !== 'uchar' && [...greySpaces, ...colourSpaces].includes(space);
}

/**
 * The least and the largest value of a picture of more than 8 bits; nothing for others.
 *
 * @throws UsageError naming the picture if it is missing or damaged, or holds values that are no numbers, or negative
 *   whole ones.
 */
export async function measurePicture(
  input: PictureInput,
  options: OpenOptions = {},
): Promise<MeasuredValues | undefined> {
  const picture = await openPicture(input, options);
  if (!isHighBitDepth(picture)) return undefined;
  const { values } = await readHighBitDepth(picture);
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const declared = declaredLargest(picture.format, picture.bytes);
  return {
    type: picture.metadata.depth,
    least,
    most,
    ...(declared !== undefined && { declared }),
  };
}

/** A whole picture of more than 8 bits, upright, its values scaled to bytes. */
export async function decodeHighBitDepth(
  picture: OpenPicture,
  scale: ValueScale,
): Promise<ColourPixels> {
  if (scale === 'unknown') throw new UnknownScale(picture.name);
  const { width, height, channels, values } = await readHighBitDepth(picture);
  const { depth } = picture.metadata;
  const { black, white } = scale[depth] ?? wholeRange(depth);
  const factor = 255 / (white - black);
  const bytes = new Uint8ClampedArray(width * height * 3);
  for (let index = 0; index < values.length; index++) {
    const value = (values[index]! - black) * factor;
    if (channels === 3) bytes[index] = value;
    else bytes.fill(value, 3 * index, 3 * index + 3);
  }
  return { width, height, values: Buffer.from(bytes.buffer) };
}

interface HighBitDepthPixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** As they are stored, interleaved. */
  readonly values: Float32Array;
}

async function readHighBitDepth(picture: OpenPicture): Promise<HighBitDepthPixels> {
  const { space, depth } = picture.metadata;
  const channels = greySpaces.includes(space) ? 1 : 3;
  if (picture.metadata.width * picture.metadata.height * channels > maxValues) {
    throw new UsageError(
      `${picture.name}: the picture declares more than ${maxValues} values of more than 8 bits, the most that are read; ` +
        'if its header is not damaged, scale it down first',
    );
  }
  await refuseNegative(picture);
  const { data, info } = await picture.decode((image) =>
    image
      .autoOrient()
      .removeAlpha()
      // Its own space on the whole way: nothing is converted.
      .pipelineColourspace(space)
      .toColourspace(space)
      .raw({ depth: 'float' })
      .toBuffer({ resolveWithObject: true }),
  );
  const { width, height } = info;
  const count = width * height * channels;
  if (info.channels !== channels || data.length !== 4 * count) {
    throw refused(picture, `${info.channels} channels of ${depth} values, which can't be read`);
  }
  const aligned = data.byteOffset % 4 === 0 ? data : Buffer.from(new Uint8Array(data).buffer);
  const values = new Float32Array(aligned.buffer, aligned.byteOffset, count);
  if (!values.every(Number.isFinite)) {
    throw refused(picture, 'values that are no finite numbers');
  }
  return { width, height, channels, values };
}

/** Negative whole numbers are lost on the way: better said than black. */
async function refuseNegative(picture: OpenPicture): Promise<void> {
  if (!['char', 'short', 'int'].includes(picture.metadata.depth)) return;
  const { channels } = await picture.decode((image) => image.stats());
  if (channels.some(({ min }) => min < 0)) throw refused(picture, 'negative whole numbers');
}

function refused({ name }: OpenPicture, what: string): UsageError {
  return new UsageError(
    `${name}: the picture holds ${what}; convert it to values from 0, or take it out`,
  );
}

import { UsageError } from '../../core/errors.js';
import type { ImageShape } from '../../core/image-shape.js';
import type { PictureHeader } from '../decoding/picture-header.js';

export interface PictureShapeOptions {
  /** Height and width in pixels. Default: `auto`, see `choosePictureShape`. */
  readonly size?: number | 'auto';
  /** Default: `auto`, see `choosePictureShape`. */
  readonly channels?: 1 | 3 | 'auto';
}

const mostSamples = 256;
const usualSizes = [128, 64, 32] as const;

/**
 * The shape of decoded pictures. What is `auto` is chosen by a sample of at most 256 pictures, spread evenly: as size the
 * largest of 32, 64 and 128 that is not above the median shorter side (so at most half of the pictures are enlarged; all
 * may be where the median is below 32), and 1 channel if every sampled picture is stored in shades of grey, else 3.
 * Damaged pictures don't count.
 *
 * @param total how many pictures there are; at least one.
 * @param readHeader of one of them.
 * @throws UsageError if the size is no positive whole number, or none of the sampled pictures can be read: that of the
 *   first.
 */
export async function choosePictureShape(
  total: number,
  readHeader: (index: number) => Promise<PictureHeader>,
  { size = 'auto', channels = 'auto' }: PictureShapeOptions,
  onNote: (message: string) => void = () => {},
): Promise<ImageShape> {
  if (size !== 'auto' && !(Number.isSafeInteger(size) && size > 0)) {
    throw new UsageError(`size: expected 'auto' or a positive whole number of pixels, got ${size}`);
  }
  const set = size !== 'auto' && channels !== 'auto';
  const headers = set ? [] : await sample(total, readHeader);
  const side = size === 'auto' ? usualSize(headers) : size;
  const grey =
    channels === 'auto' ? headers.every((header) => header.channels === 1) : channels === 1;
  const chosen = set
    ? ''
    : `, chosen by ${headers.length} of them (dataset.size, dataset.channels)`;
  onNote(`pictures become ${grey ? 'grey' : 'colour'} and ${side}×${side}${chosen}`);
  return { channels: grey ? 1 : 3, height: side, width: side };
}

async function sample(
  total: number,
  readHeader: (index: number) => Promise<PictureHeader>,
): Promise<PictureHeader[]> {
  const count = Math.min(mostSamples, total);
  const headers: PictureHeader[] = [];
  let problem: unknown;
  for (let index = 0; index < count; index++) {
    try {
      headers.push(await readHeader(Math.floor((index * total) / count)));
    } catch (cause) {
      problem ??= cause;
    }
  }
  if (headers.length === 0) throw problem;
  return headers;
}

function usualSize(headers: readonly PictureHeader[]): number {
  const sides = headers.map(({ width, height }) => Math.min(width, height)).sort((a, b) => a - b);
  const median = sides[Math.floor((sides.length - 1) / 2)]!;
  return usualSizes.find((candidate) => candidate <= median) ?? 32;
}

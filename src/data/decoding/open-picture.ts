import sharp, { type Metadata, type Sharp } from 'sharp';
import { messageOf, UsageError } from '../../core/errors.js';
import { readWholeFile } from '../formats/read-file.js';
import { decodeBmp, readBmpHeader } from './bmp.js';
import { formatList, type PictureFormat, pictureFormat } from './format.js';
import type { Size } from './geometry.js';
import { plainJpegSize } from './jpeg-header.js';

/** A picture's file: its path, or its content. */
export type PictureInput = string | Uint8Array;

export interface OpenOptions {
  /** What errors call the picture. Default: its path, or 'the picture'. */
  readonly name?: string;
  /** The largest width × height that a picture may declare. Default: `defaultMaxPixels`. */
  readonly maxPixels?: number;
}

/**
 * The default limit of a picture's declared width × height: 2^27, about 134 million. Decoding holds at most 8 bytes
 * per pixel, so a damaged or hostile header cannot ask for more than about 1 GiB.
 */
export const defaultMaxPixels = 2 ** 27;

export type PictureMetadata = Pick<
  Metadata,
  'width' | 'height' | 'autoOrient' | 'space' | 'depth' | 'hasAlpha' | 'orientation'
>;

/** A picture whose header has been read. */
export interface OpenPicture {
  readonly name: string;
  readonly format: PictureFormat;
  readonly bytes: Uint8Array;
  readonly metadata: PictureMetadata;
  /**
   * Runs a decoding of the picture.
   *
   * @throws UsageError naming the picture if it is damaged.
   */
  decode<T>(body: (picture: Sharp) => Promise<T>): Promise<T>;
}

/**
 * Opens a picture and reads its header.
 *
 * @throws UsageError naming it if it can't be read, is of no known format, declares more than maxPixels, or its
 *   header is damaged.
 */
export async function openPicture(
  input: PictureInput,
  options: OpenOptions = {},
): Promise<OpenPicture> {
  const name = options.name ?? (typeof input === 'string' ? input : 'the picture');
  const bytes = typeof input === 'string' ? await readWholeFile(input, { what: 'picture' }) : input;
  const format = pictureFormat(bytes);
  if (format === undefined) throw noPicture(name, bytes);
  const maxPixels = options.maxPixels ?? defaultMaxPixels;
  if (format === 'BMP') return openBmp(bytes, name, maxPixels);
  const decode = <T>(body: (picture: Sharp) => Promise<T>) =>
    decodeStrictly(bytes, name, maxPixels, body);
  const plain = format === 'JPEG' ? plainJpegSize(bytes) : undefined;
  // A header that declares too much is refused by the decoder.
  const known = plain !== undefined && plain.width * plain.height <= maxPixels;
  const metadata = known ? plainMetadata(plain) : await decode((picture) => picture.metadata());
  return { name, format, bytes, metadata, decode };
}

/** The decoder that reads the other formats knows none of it. */
function openBmp(bytes: Uint8Array, name: string, maxPixels: number): OpenPicture {
  const attempt = <T>(body: () => T): T => {
    try {
      return body();
    } catch (cause) {
      throw cause instanceof UsageError ? cause : undecodable(name, cause, maxPixels);
    }
  };
  const header = attempt(() => readBmpHeader(bytes, name));
  const { width, height, grey } = header;
  if (width * height > maxPixels) throw tooLarge(name, maxPixels);
  const metadata = { ...plainMetadata({ width, height }), ...(grey && { space: 'b-w' as const }) };
  const raw = { width, height, channels: 3 as const };
  return {
    name,
    format: 'BMP',
    bytes,
    metadata,
    decode: async (body) =>
      body(
        sharp(
          attempt(() => decodeBmp(bytes, header)),
          { raw },
        ),
      ),
  };
}

function plainMetadata(size: Size): PictureMetadata {
  return { ...size, autoOrient: size, space: 'srgb', depth: 'uchar', hasAlpha: false };
}

/** The decoder stops at its first complaint, so that nothing missing is filled with grey. */
async function decodeStrictly<T>(
  bytes: Uint8Array,
  name: string,
  limitInputPixels: number,
  body: (picture: Sharp) => Promise<T>,
): Promise<T> {
  try {
    // PIL does not apply colour profiles, and neither do the networks' usual preparations.
    return await body(sharp(bytes, { limitInputPixels, ignoreIcc: true, failOn: 'warning' }));
  } catch (cause) {
    throw undecodable(name, cause, limitInputPixels);
  }
}

function noPicture(name: string, bytes: Uint8Array): UsageError {
  const found =
    bytes.length === 0
      ? 'the file is empty'
      : `it starts with the bytes ${Buffer.from(bytes.subarray(0, 8)).toString('hex')}`;
  return new UsageError(
    `${name}: this is not a picture that can be read: ${found}; expected one of ${formatList}; ` +
      'replace the file, or take it out',
  );
}

function undecodable(name: string, cause: unknown, maxPixels: number): UsageError {
  const reason = reasonOf(cause);
  if (/exceeds pixel limit/.test(reason)) return tooLarge(name, maxPixels, cause);
  return new UsageError(
    `${name}: the picture is truncated or damaged (${reason}); replace the file, or take it out`,
    { cause },
  );
}

function tooLarge(name: string, maxPixels: number, cause?: unknown): UsageError {
  return new UsageError(
    `${name}: the picture declares more than ${maxPixels} pixels, the largest size that is read; ` +
      'if its header is not damaged, scale it down first',
    { cause },
  );
}

function reasonOf(cause: unknown): string {
  const message = messageOf(cause);
  const line = message.trim().split('\n')[0]!;
  return line.replace(/^Input buffer has corrupt header: ?/, '') || 'its header is damaged';
}

import { type OpenOptions, openPicture, type PictureInput } from './open-picture.js';

export interface PictureHeader {
  /** In pixels, as the picture is meant to be seen: after the EXIF orientation. */
  readonly width: number;
  readonly height: number;
  /** 1 if it is stored in shades of grey, else 3; transparency does not count. */
  readonly channels: 1 | 3;
}

/**
 * Reads a picture's size and colours from its header; its pixels are not looked at.
 *
 * @throws UsageError naming the picture if it is missing, of no known format, or its header is damaged.
 */
export async function readPictureHeader(
  input: PictureInput,
  options: OpenOptions = {},
): Promise<PictureHeader> {
  const { metadata } = await openPicture(input, options);
  const { width, height } = metadata.autoOrient;
  const grey = metadata.space === 'b-w' || metadata.space === 'grey16';
  return { width, height, channels: grey ? 1 : 3 };
}

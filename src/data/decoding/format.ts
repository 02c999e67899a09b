import { isBmp } from './bmp.js';

export type PictureFormat = 'JPEG' | 'PNG' | 'WebP' | 'GIF' | 'TIFF' | 'AVIF' | 'BMP';

export const formatList = 'JPEG, PNG, WebP, GIF, TIFF, AVIF and BMP';

/** How files of these formats are usually named, in lower case. */
const extensions = /\.(jpe?g|jpe|jfif|png|webp|gif|tiff?|avif|bmp|dib)$/i;

/** Whether a file's name says that it is a picture; its content is not looked at. */
export function hasPictureName(name: string): boolean {
  return extensions.test(name);
}

/**
 * The format of a file, told by its first bytes: what a name says is often wrong. Anything else is refused before a
 * decoder sees it, so that no decoder for documents or vector graphics is ever reached.
 */
export function pictureFormat(bytes: Uint8Array): PictureFormat | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 64));
  const text = start.toString('latin1');
  if (text.startsWith('\xff\xd8\xff')) return 'JPEG';
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'PNG';
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'GIF';
  if (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) return 'WebP';
  if (/^(II[*+]\0|MM\0[*+])/.test(text)) return 'TIFF';
  if (isBmp(start)) return 'BMP';
  // ISO base media: a box 'ftyp' with the file's brands, four letters each.
  if (text.startsWith('ftyp', 4) && /avi[fs]/.test(text.slice(8))) return 'AVIF';
  return undefined;
}

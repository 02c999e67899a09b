import sharp from 'sharp';
import { codeHash } from '../../core/code-hash.js';
import type { ImageShape } from '../../core/image-shape.js';
import type { PictureFit } from './geometry.js';

/** A text that differs whenever the same file could be decoded to other pixels: by other decoders, or by other code of ours. */
export function decodingIdentity({ channels, height, width }: ImageShape, fit: PictureFit): string {
  const decoders = Object.entries(sharp.versions).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({
    code: codeHash('./decode.js', import.meta.url),
    decoders,
    shape: [channels, height, width],
    fit,
  });
}

import sharp from 'sharp';
import type { ImageShape } from '../dataset.js';
import type { PictureFit } from './geometry.js';

/** Raised when this project's own part of decoding gives other pixels than before. */
const VERSION = 2;

/** A text that differs whenever the same file could be decoded to other pixels: the decoders' versions are in it. */
export function decodingIdentity({ channels, height, width }: ImageShape, fit: PictureFit): string {
  const decoders = Object.entries(sharp.versions).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({ version: VERSION, decoders, shape: [channels, height, width], fit });
}

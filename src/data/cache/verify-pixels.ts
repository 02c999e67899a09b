import { type FileHandle, open } from 'node:fs/promises';
import type { ImageShape } from '../../core/image-shape.js';
import { DatasetHash, pixelsPerImage } from '../dataset/dataset.js';
import { type FlatFile, pixelsStart } from './flat-file.js';

export interface VerifyOptions {
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Bytes that are read at once, at least one image. */
const blockBytes = 4 * 2 ** 20;

/**
 * Whether the pixels of a file are those that were written, by reading all of them.
 *
 * @throws the file system's error; the signal's reason.
 */
export async function arePixelsWhole(
  path: string,
  { header, labels }: FlatFile,
  options: VerifyOptions = {},
): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    return (await hashPixels(file, { shape: header.shape, labels }, options)) === header.hash;
  } finally {
    await file.close();
  }
}

/** The hash of a dataset whose pixels are in a file, see `hashDataset`. */
export async function hashPixels(
  file: FileHandle,
  { shape, labels }: { readonly shape: ImageShape; readonly labels: Int32Array },
  { onProgress, signal }: VerifyOptions = {},
): Promise<string> {
  const stride = pixelsPerImage(shape);
  const perBlock = Math.max(1, Math.floor(blockBytes / stride));
  const block = new Uint8Array(Math.min(perBlock, labels.length) * stride);
  const end = pixelsStart + labels.length * stride;
  const hash = new DatasetHash(shape, labels);
  for (let position = pixelsStart; position < end; ) {
    signal?.throwIfAborted();
    const wanted = Math.min(block.length, end - position);
    const { bytesRead } = await file.read(block, 0, wanted, position);
    if (bytesRead === 0) throw new Error(`it is cut short at ${position} bytes`);
    hash.update(block.subarray(0, bytesRead));
    position += bytesRead;
    onProgress?.(Math.floor((position - pixelsStart) / stride), labels.length);
  }
  return hash.digest();
}

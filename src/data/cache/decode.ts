import { FailureError, UsageError } from '../../tensor/errors.js';
import { pixelsPerImage } from '../dataset.js';
import type { PictureSource } from '../pictures.js';

export interface DecodingOptions {
  /** Pictures being decoded at any time. */
  readonly concurrency: number;
  readonly signal?: AbortSignal | undefined;
}

/** Images are hashed and written in blocks of about this many bytes. */
const BLOCK = 4 * 2 ** 20;

/** Decoded images that wait for the one before them take no more than about this many bytes. */
const WAITING = 256 * 2 ** 20;

/**
 * All images of a source in order, decoded several at a time, in blocks of whole images: [n, channels, height, width].
 * When it ends, however it does, no picture is being decoded any more.
 *
 * @throws what the source throws for a picture, the first in order; FailureError naming the picture if that is no error
 *   for users, or the picture has another size; the signal's reason.
 */
export async function* decodeInBlocks(
  source: PictureSource,
  options: DecodingOptions,
): AsyncGenerator<Uint8Array> {
  const stride = pixelsPerImage(source.shape);
  const perBlock = Math.max(1, Math.floor(BLOCK / stride));
  let remaining = source.labels.length;
  let block = new Uint8Array(0);
  let filled = 0;
  for await (const image of decodeInOrder(source, options)) {
    if (filled === 0) block = new Uint8Array(Math.min(perBlock, remaining) * stride);
    block.set(image, filled);
    filled += stride;
    remaining -= 1;
    if (filled < block.length) continue;
    yield block;
    filled = 0;
  }
}

async function* decodeInOrder(
  source: PictureSource,
  { concurrency, signal }: DecodingOptions,
): AsyncGenerator<Uint8Array> {
  const total = source.labels.length;
  const atOnce = Math.min(concurrency, Math.ceil(WAITING / pixelsPerImage(source.shape)));
  const pending: Promise<Uint8Array>[] = [];
  try {
    for (let next = 0; next < total || pending.length > 0; ) {
      signal?.throwIfAborted();
      while (next < total && pending.length < atOnce) {
        const image = decodeOne(source, next++);
        // Awaited in its turn; until then a failure is nobody's.
        image.catch(() => {});
        pending.push(image);
      }
      yield await pending.shift()!;
    }
  } finally {
    await Promise.allSettled(pending);
  }
}

async function decodeOne(source: PictureSource, index: number): Promise<Uint8Array> {
  const image = await source.decode(index).catch((cause: unknown) => {
    if (cause instanceof UsageError || cause instanceof FailureError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FailureError(
      `${source.describe(index)}: the picture could not be decoded (${reason}).`,
      { cause },
    );
  });
  const expected = pixelsPerImage(source.shape);
  if (image.length === expected) return image;
  throw new FailureError(
    `${source.describe(index)}: decoding the picture gave ${image.length} values; expected ${expected}.`,
  );
}

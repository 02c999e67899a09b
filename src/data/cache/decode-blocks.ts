import { FailureError, messageOf, UsageError } from '../../core/errors.js';
import { pixelsPerImage } from '../dataset/dataset.js';
import type { DamagedPicture, PictureSource } from '../decoding/picture-source.js';
import { UnknownScale, type ValueScale } from '../decoding/value-scale.js';

export interface DecodingOptions {
  /** Pictures being decoded at any time. */
  readonly concurrency: number;
  /** Of values of more than 8 bits. */
  readonly scale: ValueScale;
  /** Pictures that were decoded before. */
  readonly earlier?: ((index: number) => Uint8Array | undefined) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Whole images one after the other, [n, channels, height, width], and the numbers of their pictures. */
export interface Block {
  readonly pixels: Uint8Array;
  readonly indices: readonly number[];
}

/** Images are hashed and written in blocks of about this many bytes. */
const blockBytes = 4 * 2 ** 20;

/** Decoded images that wait for the one before them take no more than about this many bytes. */
const waitingBytes = 256 * 2 ** 20;

/**
 * All images of a source in order, decoded several at a time, in blocks of whole images; damaged pictures are left out.
 * When it ends, however it does, no picture is being decoded any more.
 *
 * @param damaged the pictures for which the source throws UsageError are added to it.
 * @throws FailureError naming the first picture for which the source throws another error, or that has another size;
 *   UnknownScale; the signal's reason.
 */
export async function* decodeInBlocks(
  source: PictureSource,
  options: DecodingOptions,
  damaged: DamagedPicture[],
): AsyncGenerator<Block> {
  const stride = pixelsPerImage(source.shape);
  const perBlock = Math.max(1, Math.floor(blockBytes / stride));
  const total = source.labels.length;
  let pixels = new Uint8Array(Math.min(perBlock, total) * stride);
  let indices: number[] = [];
  let index = -1;
  for await (const image of decodeInOrder(source, options)) {
    index += 1;
    if (!(image instanceof Uint8Array)) {
      damaged.push(image);
      continue;
    }
    pixels.set(image, indices.length * stride);
    indices.push(index);
    if (indices.length < perBlock) continue;
    yield { pixels, indices };
    pixels = new Uint8Array(Math.min(perBlock, total - index - 1) * stride);
    indices = [];
  }
  if (indices.length > 0) yield { pixels: pixels.subarray(0, indices.length * stride), indices };
}

async function* decodeInOrder(
  source: PictureSource,
  options: DecodingOptions,
): AsyncGenerator<Uint8Array | DamagedPicture> {
  const { concurrency, signal } = options;
  const total = source.labels.length;
  const atOnce = Math.min(concurrency, Math.ceil(waitingBytes / pixelsPerImage(source.shape)));
  const pending: Promise<Uint8Array | DamagedPicture>[] = [];
  try {
    for (let next = 0; next < total || pending.length > 0; ) {
      signal?.throwIfAborted();
      while (next < total && pending.length < atOnce) {
        const image = decodeOne(source, next++, options);
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

async function decodeOne(
  source: PictureSource,
  index: number,
  { scale, earlier }: DecodingOptions,
): Promise<Uint8Array | DamagedPicture> {
  const known = earlier?.(index);
  if (known !== undefined) return known;
  const image = await source.decode(index, scale).catch((cause: unknown) => {
    const place = source.describe(index);
    if (cause instanceof UsageError) return { index, place, reason: cause.message };
    if (cause instanceof FailureError || cause instanceof UnknownScale) throw cause;
    throw new FailureError(`${place}: the picture could not be decoded (${messageOf(cause)})`, {
      cause,
    });
  });
  const expected = pixelsPerImage(source.shape);
  if (!(image instanceof Uint8Array) || image.length === expected) return image;
  throw new FailureError(
    `${source.describe(index)}: decoding the picture gave ${image.length} values; expected ${expected}`,
  );
}

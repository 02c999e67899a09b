import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RandomGenerator } from 'ncfm';
import {
  ClassSampler,
  openCached,
  openImageFolder,
  type PictureSource,
  pixelsPerImage,
} from 'ncfm/data';
import sharp from 'sharp';
import type { DataJob, DataReadingResult } from './jobs.js';
import { summarizeTimes } from './statistics.js';

/** Of the pictures that are decoded, as ImageNet's usually are, and the side that they become. */
const picture = { width: 500, height: 375, side: 224 };

/** Pictures under way at any time, on both sides. */
const concurrency = 16;

/** Sets of images of these sizes, and how many of a class are read at once. */
const sets = [
  { shape: [3, 32, 32], images: 50_000, batch: 1024 },
  { shape: [3, 64, 64], images: 20_000, batch: 512 },
  { shape: [3, 224, 224], images: 2_000, batch: 128 },
] as const;
const classes = 10;

/** How fast pictures get into the cache, and images out of it; and what a set of many small ones takes. */
export async function measureDataReading(job: DataJob): Promise<DataReadingResult> {
  const folder = mkdtempSync(join(job.folder, 'data-'));
  try {
    const decoding = await measureDecoding(folder, job.tiny ? 8 : 400, job.tiny ? 1 : 5);
    const batches = [];
    for (const set of sets) {
      const images = job.tiny ? set.images / 100 : set.images;
      batches.push(await measureBatches(folder, { ...set, images }, job.tiny ? 0.05 : 2));
    }
    const index = await measureIndex(folder, job.tiny ? 10_000 : 1_000_000);
    return { decoding, batches, index };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measureDecoding(
  folder: string,
  count: number,
  rounds: number,
): Promise<DataReadingResult['decoding']> {
  const root = join(folder, 'pictures');
  await writePictures(root, count);
  const options = { size: picture.side, channels: 3, testFraction: 2 / count } as const;
  const { train } = await openImageFolder(root, options);
  const paths = Array.from(train.labels, (_, index) => train.describe(index));
  const sides = {
    cached: async () => {
      const cache = join(folder, 'decoded');
      await openCached(train, { folder: cache, concurrency });
      rmSync(cache, { recursive: true });
    },
    sharp: () => forEach(paths, (path) => decodeWithSharp(path, false)),
    sharpScalingEarly: () => forEach(paths, (path) => decodeWithSharp(path, true)),
  };
  const seconds = { cached: [], sharp: [], sharpScalingEarly: [] } as Record<string, number[]>;
  // In turns, so that what else the machine does meets all of them; the first turn warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const [name, body] of Object.entries(sides)) {
      const started = performance.now();
      await body();
      if (round > 0) seconds[name]!.push((performance.now() - started) / 1000);
    }
  }
  const perSecond = (name: keyof typeof sides) =>
    paths.length / summarizeTimes(seconds[name]!).median;
  return {
    ...picture,
    cached: perSecond('cached'),
    sharp: perSecond('sharp'),
    sharpScalingEarly: perSecond('sharpScalingEarly'),
  };
}

/** Two classes of soft noise, which JPEG stores in about as many bytes as a photograph. */
async function writePictures(root: string, count: number): Promise<void> {
  const { width, height } = picture;
  const noise = { type: 'gaussian', mean: 128, sigma: 80 } as const;
  for (const [half, name] of ['a', 'b'].entries()) {
    mkdirSync(join(root, name), { recursive: true });
    for (let number = half; number < count; number += 2) {
      const image = sharp({ create: { width, height, channels: 3, background: 'grey', noise } });
      const bytes = await image.blur(1.5).jpeg({ quality: 90 }).toBuffer();
      writeFileSync(join(root, name, `${number}.jpg`), bytes);
    }
  }
}

/**
 * The same decoding by sharp alone, to interleaved colours.
 *
 * @param early whether the JPEG decoder may scale by itself, faster and less like PIL.
 */
async function decodeWithSharp(path: string, early: boolean): Promise<Buffer> {
  const { width, height, side } = picture;
  const image = sharp(path);
  const source = early ? image : image.extract({ left: 0, top: 0, width, height });
  return await source.resize(side, side, { fit: 'cover', kernel: 'linear' }).raw().toBuffer();
}

async function forEach<T>(items: readonly T[], body: (item: T) => Promise<unknown>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) await body(items[next++]!);
  };
  await Promise.all(Array.from({ length: concurrency }, work));
}

/** Bytes per second of class batches from the mapped file, when the system holds it in memory. */
async function measureBatches(
  folder: string,
  set: { readonly shape: readonly [number, number, number]; images: number; batch: number },
  atLeast: number,
): Promise<DataReadingResult['batches'][number]> {
  const { shape, images, batch } = set;
  const dataset = await openCached(generatedSource(shape, images), { folder });
  const sampler = ClassSampler.forClasses(dataset.labels, classes, new RandomGenerator(0));
  // Twice the whole set, drawn before the clock starts; its first reading warms up.
  const draws = Math.ceil((2 * images) / batch / classes) * classes;
  const drawn = Array.from({ length: draws }, (_, draw) => sampler.next(draw % classes, batch));
  const sweep = (): number =>
    drawn.reduce((bytes, indices) => bytes + dataset.read(indices).byteLength, 0);
  sweep();
  let bytes = 0;
  let elapsed = 0;
  const started = performance.now();
  while (elapsed < atLeast) {
    bytes += sweep();
    elapsed = (performance.now() - started) / 1000;
  }
  return { shape, images, batch, bytesPerSecond: bytes / elapsed };
}

function generatedSource(
  [channels, height, width]: readonly [number, number, number],
  images: number,
): PictureSource {
  const shape = { channels, height, width };
  const pixels = new Uint8Array(pixelsPerImage(shape)).map((_, offset) => offset % 251);
  return {
    name: `generated-${width}`,
    split: 'train',
    shape,
    classNames: Array.from({ length: classes }, (_, label) => String(label)),
    labels: Int32Array.from({ length: images }, (_, index) => index % classes),
    decoding: 'generated',
    identify: async () => {
      const identities = new Int32Array(8 * images);
      for (let index = 0; index < images; index++) identities[8 * index] = index;
      return new Uint8Array(identities.buffer);
    },
    describe: (index) => `image ${index}`,
    decode: async () => pixels,
  };
}

/** A set of many images of 8×8: made, and opened again. */
async function measureIndex(folder: string, images: number): Promise<DataReadingResult['index']> {
  const source = generatedSource([1, 8, 8], images);
  const before = anonymousBytes();
  let most = before;
  const onProgress = (): void => {
    most = Math.max(most ?? 0, anonymousBytes() ?? 0);
  };
  const timed = async (): Promise<number> => {
    const started = performance.now();
    await openCached(source, { folder, onProgress });
    return (performance.now() - started) / 1000;
  };
  const seconds = await timed();
  const secondsAgain = await timed();
  const bytes = before === null || most === null ? null : most - before;
  return { images, seconds, secondsAgain, bytes };
}

/** Resident memory that is no file's, where the system tells. */
function anonymousBytes(): number | null {
  if (process.platform !== 'linux') return null;
  const [, kilobytes] = /RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

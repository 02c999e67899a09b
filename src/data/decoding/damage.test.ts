import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { picturePath } from '../testing/pictures.js';
import { decodePicture } from './decode.js';

const pictureName = 'folder/damaged.picture';
const shape = { channels: 3, height: 16, width: 16 };
const truncationCount = 100;
const changeCount = 110;

/** Random numbers that are the same in every run (Park and Miller's generator). */
function randomBelow(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state * 48271) % 2147483647;
    return state % limit;
  };
}

/** The pixels, or the message of a UsageError that names the picture; anything else fails the test. */
async function attempt(bytes: Uint8Array): Promise<Uint8Array | string> {
  try {
    const values = await decodePicture(bytes, { shape, name: pictureName });
    expect(values).toHaveLength(768);
    return values;
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toContain(pictureName);
    return (error as Error).message;
  }
}

function truncations(bytes: Buffer): Buffer[] {
  const last = bytes.length - 1;
  const ends = Array.from(
    { length: truncationCount },
    (_, step) => last - Math.floor((step * last) / truncationCount),
  );
  return ends.map((end) => bytes.subarray(0, end));
}

function changes(bytes: Buffer): Buffer[] {
  const random = randomBelow(bytes.length);
  return Array.from({ length: changeCount }, (_, step) => {
    const changed = Buffer.from(bytes);
    const at = random(bytes.length);
    if (step % 3 === 0) changed.fill(random(256), at, at + 1 + random(16));
    else changed[at]! ^= 1 << random(8);
    return changed;
  });
}

const samples = [
  ['JPEG', 'orientation-6.jpg'],
  ['progressive JPEG', 'progressive.jpg'],
  ['PNG', 'rgb.png'],
  ['WebP', 'lossless.webp'],
  ['lossy WebP', 'lossy.webp'],
  ['GIF', 'still.gif'],
  ['TIFF', 'deflate.tif'],
  ['AVIF', ''],
] as const;

describe.each(samples)('a damaged %s file', (format, file) => {
  let bytes: Buffer;
  let whole: Uint8Array;
  beforeAll(async () => {
    bytes =
      file === ''
        ? await sharp(picturePath('rgb.png')).avif({ quality: 60, effort: 0 }).toBuffer()
        : readFileSync(picturePath(file));
    whole = await decodePicture(bytes, { shape });
  });

  it(`is refused wherever its end is missing, unless no pixel is (${truncationCount} places)`, async () => {
    const results = await Promise.all(truncations(bytes).map(attempt));
    const refused = results.filter((result) => typeof result === 'string');
    for (const result of results) if (typeof result !== 'string') expect(result).toEqual(whole);
    expect(refused.length).toBeGreaterThanOrEqual(
      format.includes('JPEG') ? truncationCount : truncationCount - 2,
    );
  });

  it(`is refused by name or decoded completely where bytes are changed (${changeCount} places)`, async () => {
    const results = await Promise.all(changes(bytes).map(attempt));
    expect(results).toHaveLength(changeCount);
    expect(results.some((result) => typeof result === 'string')).toBe(true);
  });
});

describe('a picture with a false size in its header', () => {
  const headers: readonly [string, (bytes: Buffer) => void][] = [
    [
      'rgb.png',
      (bytes) => {
        bytes.writeUInt32BE(20_000, 16);
        bytes.writeUInt32BE(20_000, 20);
        bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
      },
    ],
    [
      'orientation-1.jpg',
      (bytes) => {
        const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
        bytes.fill(0x7f, frame + 5, frame + 9);
      },
    ],
    // 14 bits for the width, 14 for the height, after the signature of a lossless picture.
    ['lossless.webp', (bytes) => bytes.fill(0xff, 21, 24)],
  ];

  it.each(headers)('is refused, without memory for what it declares: %s', async (file, falsify) => {
    const bytes = Buffer.from(readFileSync(picturePath(file)));
    falsify(bytes);
    const before = process.memoryUsage().rss;
    expect(await attempt(bytes)).toMatch(/more than 134217728 pixels|bad image dimensions/);
    // They declare half a gigabyte and more; what else the process takes meanwhile is its own affair.
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * 2 ** 20);
  });

  it('is refused just below the limit too, if the pixels are not there', async () => {
    const bytes = Buffer.from(readFileSync(picturePath('rgb.png')));
    bytes.writeUInt32BE(11_000, 16);
    bytes.writeUInt32BE(12_000, 20);
    bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
    expect(await attempt(bytes)).toContain('truncated or damaged');
  });
});

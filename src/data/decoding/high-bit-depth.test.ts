import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { picturePath } from '../testing/pictures.js';
import { encodeTiff } from '../testing/tiff.js';
import { declaredLargest } from './declared-depth.js';
import { decodePicture } from './decode.js';
import { measurePicture } from './high-bit-depth.js';
import { UnknownScale } from './value-scale.js';

const [width, height] = [4, 3];
const shape = { channels: 1, height, width };
const colour = { channels: 3, height, width };

/** 0 to 1100 in steps of 100, in any type. */
const ramp = Array.from({ length: 12 }, (_, index) => index * 100);

async function png16(values: readonly number[], sBIT?: readonly number[]): Promise<Buffer> {
  const raw = { width, height, channels: 1 } as const;
  const png = await sharp(Uint16Array.from(values), { raw })
    .toColourspace('grey16')
    .png()
    .toBuffer();
  if (sBIT === undefined) return png;
  // After the signature and the header.
  const chunk = Buffer.alloc(12 + sBIT.length);
  chunk.writeUInt32BE(sBIT.length, 0);
  chunk.write('sBIT', 4, 'latin1');
  chunk.set(sBIT, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), 8 + sBIT.length);
  return Buffer.concat([png.subarray(0, 33), chunk, png.subarray(33)]);
}

const bytesOf = (values: readonly number[], white: number) =>
  Uint8Array.from(values, (value) => Math.round((value / white) * 255));

describe('a picture of more than 8 bits', () => {
  it.each([
    ['16-bit PNG', () => png16(ramp), 'ushort'],
    [
      '16-bit TIFF',
      async () => encodeTiff({ width, height, values: Uint16Array.from(ramp) }),
      'ushort',
    ],
    [
      '32-bit TIFF',
      async () => encodeTiff({ width, height, values: Uint32Array.from(ramp) }),
      'uint',
    ],
    [
      'signed TIFF',
      async () => encodeTiff({ width, height, values: Int16Array.from(ramp) }),
      'short',
    ],
    [
      'float TIFF',
      async () => encodeTiff({ width, height, values: Float32Array.from(ramp) }),
      'float',
    ],
  ] as const)('is measured, and scaled as it is told: %s', async (_, encode, type) => {
    const file = await encode();
    expect(await measurePicture(file)).toEqual({ type, least: 0, most: 1100 });
    const scale = { [type]: { black: 0, white: 1100 } };
    const grey = await decodePicture(file, { shape, scale });
    expect(grey).toEqual(bytesOf(ramp, 1100));
    const three = await decodePicture(file, { shape: colour, scale });
    for (const channel of [0, 1, 2]) {
      expect(three.subarray(12 * channel, 12 * channel + 12)).toEqual(grey);
    }
    await expect(decodePicture(file, { shape, scale: 'unknown' })).rejects.toThrow(UnknownScale);
  });

  it('has three channels where it is stored so, none of which is bent', async () => {
    const values = Float32Array.from({ length: 36 }, (_, index) => index / 35);
    const file = encodeTiff({ width, height, channels: 3, values });
    const planes = await decodePicture(file, { shape: colour });
    const expected = [0, 1, 2].flatMap((channel) =>
      Array.from({ length: 12 }, (_, pixel) =>
        Math.round((values[3 * pixel + channel] ?? 0) * 255),
      ),
    );
    expect([...planes]).toEqual(expected);
  });

  it('is clipped to its scale, which may begin below zero', async () => {
    const values = Float32Array.from([-50, -25, 0, 25, 50, 75, 100, 500, -500, 0, 0, 0]);
    const file = encodeTiff({ width, height, values });
    const scale = { float: { black: -50, white: 100 } };
    const decoded = await decodePicture(file, { shape, scale });
    expect([...decoded.subarray(0, 9)]).toEqual([0, 42, 85, 128, 170, 212, 255, 255, 0]);
  });

  it('has the high byte of 16, or floats in [0, 1], where nothing is told', async () => {
    const values = ramp.map((value) => value * 59);
    const decoded = await decodePicture(await png16(values), { shape });
    expect([...decoded]).toEqual(values.map((value) => value >> 8));
    const floats = Float32Array.from(ramp, (value) => value / 1100);
    const ofFloats = await decodePicture(encodeTiff({ width, height, values: floats }), { shape });
    expect(ofFloats).toEqual(bytesOf(ramp, 1100));
  });

  it('is refused by name if it holds no numbers, or negative whole ones', async () => {
    const floats = Float32Array.from(ramp);
    floats[5] = Number.NaN;
    const refused = (values: Float32Array | Int16Array) =>
      expect(measurePicture(encodeTiff({ width, height, values }), { name: 'a/1.tif' })).rejects;
    await refused(floats).toThrow(UsageError);
    await refused(floats).toThrow('a/1.tif: the picture holds values that are no finite numbers');
    await refused(Int16Array.from(ramp, (value) => value - 1)).toThrow('negative whole numbers');
  });
});

it('a false size in the header of a picture of more than 8 bits is refused, without memory for it', async () => {
  const file = encodeTiff({ width, height, values: Float32Array.from(ramp) });
  // The first entries of the directory, which follows the pixels: width and height.
  const directory = 8 + 48 + 2;
  file.writeUInt32LE(20_000, directory + 8);
  file.writeUInt32LE(6000, directory + 20);
  const before = process.memoryUsage().rss;
  await expect(measurePicture(file)).rejects.toThrow('declares more than 67108864 values');
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20);
});

it.each(['rgb.png', 'photo.jpg', 'palette.png', 'bilevel.png', 'cmyk.tif'])(
  'a picture of 8 bits or fewer is not measured: %s',
  async (name) => {
    expect(await measurePicture(picturePath(name))).toBeUndefined();
    const options = { shape: { channels: 3, height: 8, width: 8 } };
    const decoded = await decodePicture(picturePath(name), { ...options, scale: 'unknown' });
    expect(decoded).toEqual(await decodePicture(picturePath(name), options));
  },
);

describe('the largest value that a file declares', () => {
  it('is that of the significant bits of a PNG', async () => {
    expect(declaredLargest('PNG', await png16(ramp, [12]))).toBe(4095);
    expect(declaredLargest('PNG', await png16(ramp, [10, 12, 11]))).toBe(4095);
    expect(declaredLargest('PNG', await png16(ramp))).toBeUndefined();
    expect(declaredLargest('PNG', await png16(ramp, [0]))).toBeUndefined();
    expect(await measurePicture(await png16(ramp, [12]))).toMatchObject({ declared: 4095 });
  });

  it("is that of a TIFF's tag, in its entry or elsewhere", () => {
    const values = Uint16Array.from(ramp);
    const grey = encodeTiff({ width, height, values, maxSampleValue: 4095 });
    expect(declaredLargest('TIFF', grey)).toBe(4095);
    const three = Uint16Array.from([...ramp, ...ramp, ...ramp]);
    const rgb = encodeTiff({ width, height, channels: 3, values: three, maxSampleValue: 1023 });
    expect(declaredLargest('TIFF', rgb)).toBe(1023);
    expect(declaredLargest('TIFF', encodeTiff({ width, height, values }))).toBeUndefined();
    for (let length = 0; length < rgb.length; length++) {
      expect([1023, undefined]).toContain(declaredLargest('TIFF', rgb.subarray(0, length)));
    }
  });

  it('is not asked of other formats', () => {
    const jpeg = readFileSync(picturePath('photo.jpg'));
    expect(declaredLargest('JPEG', jpeg)).toBeUndefined();
  });
});

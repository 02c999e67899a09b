import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { openSource } from '../open.js';
import { mutations } from '../testing/corruption-suite.js';
import { temporaryDirectory } from '../testing/files.js';
import { writeFiles } from '../testing/picture-folders.js';
import { decodePicture } from './decode.js';
import { readPictureHeader } from './picture-header.js';

const [width, height] = [5, 3];

/** Red, green and blue of a place, for pictures whose places all differ. */
const colourAt = (x: number, y: number) => [10 * x + 60 * y, 255 - 7 * x - y, 3 * x + 80 * y];

interface Making {
  readonly bits: number;
  readonly headerSize?: number;
  readonly topDown?: boolean;
  readonly compression?: number;
  readonly masks?: readonly number[];
  /** Red, green, blue each. */
  readonly palette?: readonly (readonly number[])[];
  /** The stored number of a place. */
  readonly value: (x: number, y: number) => number;
}

/** A bitmap of 5 × 3. */
function makeBmp(making: Making): Buffer {
  const { bits, headerSize = 40, topDown = false, compression = 0, masks = [] } = making;
  const palette = (making.palette ?? []).map(([r, g, b]) =>
    Buffer.of(b!, g!, r!, ...(headerSize === 12 ? [] : [0])),
  );
  const header = Buffer.alloc(14 + headerSize);
  const extra = Buffer.concat([Buffer.from(Uint32Array.from(masks).buffer), ...palette]);
  const stride = Math.ceil((width * bits) / 32) * 4;
  header.write('BM', 'latin1');
  header.writeUInt32LE(header.length + extra.length, 10);
  header.writeUInt32LE(headerSize, 14);
  if (headerSize === 12) {
    for (const [index, value] of [width, height, 1, bits].entries()) {
      header.writeUInt16LE(value, 18 + 2 * index);
    }
  } else {
    header.writeInt32LE(width, 18);
    header.writeInt32LE(topDown ? -height : height, 22);
    header.writeUInt16LE(bits, 28);
    header.writeUInt32LE(compression, 30);
    header.writeUInt32LE(palette.length, 46);
  }
  const rows = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    const start = stride * (topDown ? y : height - 1 - y);
    for (let x = 0; x < width; x++) {
      const value = making.value(x, y);
      if (bits >= 8) rows.writeUIntLE(value, start + (x * bits) / 8, bits / 8);
      else rows[start + ((x * bits) >> 3)]! |= value << (8 - bits - ((x * bits) & 7));
    }
  }
  return Buffer.concat([header, extra, rows]);
}

const triple = (x: number, y: number): number => {
  const [r, g, b] = colourAt(x, y);
  return r! * 2 ** 16 + g! * 2 ** 8 + b!;
};
const grown = (value: number, largest: number) => Math.floor((value * 255) / largest);
const shades = Array.from({ length: 16 }, (_, index) => [17 * index, 255 - index, 3 * index]);

/** Kinds of bitmaps, and the colours that they show. */
const kinds: Readonly<
  Record<string, readonly [Making, (x: number, y: number) => readonly number[]]>
> = {
  '24 bits': [{ bits: 24, value: triple }, colourAt],
  '24 bits from the top': [{ bits: 24, topDown: true, value: triple }, colourAt],
  '24 bits of OS/2': [{ bits: 24, headerSize: 12, value: triple }, colourAt],
  '32 bits': [{ bits: 32, headerSize: 124, value: triple }, colourAt],
  '32 bits with masks': [
    {
      bits: 32,
      compression: 3,
      masks: [0xff, 0xff00, 0xff0000],
      value: (x, y) => {
        const [r, g, b] = colourAt(x, y);
        return b! * 2 ** 16 + g! * 2 ** 8 + r!;
      },
    },
    colourAt,
  ],
  '16 bits': [
    { bits: 16, value: (x, y) => ((5 * x) << 10) | ((9 * y) << 5) | (x + y) },
    (x, y) => [grown(5 * x, 31), grown(9 * y, 31), grown(x + y, 31)],
  ],
  '16 bits with masks': [
    {
      bits: 16,
      compression: 3,
      masks: [0xf800, 0x07e0, 0x001f],
      value: (x, y) => ((5 * x) << 11) | ((30 * y) << 5) | (x + y),
    },
    (x, y) => [grown(5 * x, 31), grown(30 * y, 63), grown(x + y, 31)],
  ],
  '8 bits': [
    { bits: 8, palette: shades, value: (x, y) => x + 5 * y },
    (x, y) => shades[x + 5 * y]!,
  ],
  '8 bits of OS/2': [
    { bits: 8, headerSize: 12, palette: shades, value: (x, y) => x + 5 * y },
    (x, y) => shades[x + 5 * y]!,
  ],
  '4 bits': [
    { bits: 4, palette: shades, value: (x, y) => x + 5 * y },
    (x, y) => shades[x + 5 * y]!,
  ],
  '1 bit': [
    { bits: 1, palette: shades.slice(2, 4), value: (x, y) => (x + y) & 1 },
    (x, y) => shades[2 + ((x + y) & 1)]!,
  ],
};

const shape = { channels: 3, height, width };

describe('a BMP picture', () => {
  it.each(Object.keys(kinds))('of %s has the colours that are stored', async (kind) => {
    const [making, colour] = kinds[kind]!;
    const bytes = makeBmp(making);
    const expected = [0, 1, 2].flatMap((channel) =>
      Array.from(
        { length: width * height },
        (_, place) => colour(place % width, Math.floor(place / width))[channel]!,
      ),
    );
    expect([...(await decodePicture(bytes, { shape }))]).toEqual(expected);
    expect(await readPictureHeader(bytes)).toEqual({ width, height, channels: 3 });
    const small = { channels: 1, height: 2, width: 2 };
    expect(await decodePicture(bytes, { shape: small })).toHaveLength(4);
  });

  it('is grey if all of its palette is', async () => {
    const palette = shades.map(([value]) => [value!, value!, value!]);
    const bytes = makeBmp({ bits: 4, palette, value: (x, y) => x + 5 * y });
    expect((await readPictureHeader(bytes)).channels).toBe(1);
  });

  it('is found in class folders, by name and content', async () => {
    const root = await temporaryDirectory();
    const bytes = makeBmp(kinds['24 bits']![0]);
    await writeFiles(root, {
      'a/0.bmp': bytes,
      'a/1.BMP': bytes,
      'b/0.bmp': bytes,
      'b/1.bmp': bytes,
    });
    const source = await openSource({ path: root });
    expect(source.kind === 'pictures' && source.train.labels).toHaveLength(2);
  });

  it('is refused by name if it is compressed, too large or cut short', async () => {
    const path = join(await temporaryDirectory(), 'x.bmp');
    const problem = async (bytes: Buffer, options = {}) => {
      await writeFile(path, bytes);
      const decoding = decodePicture(path, { shape, ...options });
      await expect(decoding).rejects.toBeInstanceOf(UsageError);
      return decoding.catch((error: Error) => error.message);
    };
    const whole = makeBmp({ bits: 24, value: triple });
    const packed = makeBmp({ bits: 8, compression: 1, palette: shades, value: () => 0 });
    expect(await problem(packed)).toContain(
      `${path}: the BMP picture is compressed by run lengths`,
    );
    expect(await problem(whole.subarray(0, -8))).toMatch(/x.bmp: .*it needs 101 bytes and has 94/);
    expect(await problem(whole, { maxPixels: 14 })).toContain('declares more than 14 pixels');
    const few = makeBmp({ bits: 8, palette: shades.slice(0, 9), value: (x, y) => x + 5 * y });
    expect(await problem(few)).toContain('a pixel is entry 9 of a palette of 9');
  });

  it('is refused by name or read whole, whatever the damage', async () => {
    const whole = makeBmp({ bits: 4, palette: shades, value: (x, y) => x + 5 * y });
    let refused = 0;
    for (const [what, bytes] of mutations(whole, { count: 600 })) {
      const outcome = await decodePicture(bytes, { shape, name: 'x.bmp' }).catch((e: unknown) => e);
      if (outcome instanceof Error) {
        expect(outcome, `${what}: ${outcome.stack}`).toBeInstanceOf(UsageError);
        expect(outcome.message).toContain('x.bmp');
        refused += 1;
      } else expect(outcome).toHaveLength(width * height * 3);
    }
    expect(refused).toBeGreaterThan(100);
  });
});

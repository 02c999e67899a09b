import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import type { ImageShape } from '../../core/image-shape.js';
import { difference, goldenPictures, picturePath } from '../testing/pictures.js';
import { decodePicture } from './decode.js';

const square = (side: number, channels = 3): ImageShape => ({
  channels,
  height: side,
  width: side,
});
const golden = goldenPictures();

describe('a decoded picture', () => {
  it('is checked in every way of storing pictures', () => {
    expect(golden.length).toBeGreaterThanOrEqual(34);
  });

  it.each(golden)(
    'has the values of PIL to the bit if it need not be scaled: $name',
    async (picture) => {
      const shape = { channels: 3, height: picture.height, width: picture.width };
      const values = await decodePicture(picturePath(picture.name), { shape });
      expect(createHash('sha256').update(values).digest('hex')).toBe(picture.sha256);
    },
  );

  it.each(golden)('is scaled and cut as by torchvision: $name', async (picture) => {
    const { name, fits } = picture;
    expect(fits.length).toBeGreaterThanOrEqual(2);
    for (const { shape, values } of fits) {
      const { max, mean } = difference(await decodePicture(picturePath(name), { shape }), values);
      const photographic = name !== 'noise.png';
      expect(max).toBeLessThanOrEqual(photographic ? 6 : 10);
      expect(mean).toBeLessThan(0.9);
    }
  });

  it.each(['small.png', 'tall.png', 'wide.png'])(
    'has the values of PIL to the bit if it is enlarged: %s',
    async (name) => {
      const { shape, values } = golden.find((picture) => picture.name === name)!.fits[0]!;
      expect(shape).toEqual(square(32));
      expect(await decodePicture(picturePath(name), { shape })).toEqual(new Uint8Array(values));
    },
  );

  it('stays far closer to PIL than with scaling while loading', async () => {
    const path = picturePath('photo.jpg');
    const { values } = golden.find(({ name }) => name === 'photo.jpg')!.fits[0]!;
    const loaded = await sharp(path).resize(42, 32, { fit: 'fill', kernel: 'linear' });
    const shrunk = await loaded
      .extract({ left: 5, top: 0, width: 32, height: 32 })
      .raw()
      .toBuffer();
    const interleaved = Uint8Array.from(values, (_, index) => {
      const [pixel, channel] = [Math.floor(index / 3), index % 3];
      return values[channel * 1024 + pixel]!;
    });
    const ours = difference(await decodePicture(path, { shape: square(32) }), values);
    expect(difference(shrunk, interleaved).max).toBeGreaterThan(5 * ours.max);
  });

  it('is the same for all eight EXIF orientations of one picture, turned back', async () => {
    const shape = { channels: 3, height: 36, width: 48 };
    const upright = await decodePicture(picturePath('orientation-1.jpg'), { shape });
    const turned = await decodePicture(picturePath('orientation-3.jpg'), { shape });
    const plane = 36 * 48;
    for (let channel = 0; channel < 3; channel++) {
      const half = turned.slice(channel * plane, (channel + 1) * plane).reverse();
      expect(half).toEqual(upright.slice(channel * plane, (channel + 1) * plane));
    }
    const mirrored = await decodePicture(picturePath('orientation-6.jpg'), {
      shape: { channels: 3, height: 48, width: 36 },
    });
    // Orientation 6 turns clockwise: the left column, read upwards, becomes the top row.
    for (let column = 0; column < 36; column++) {
      expect(mirrored[column]).toBe(upright[(35 - column) * 48]);
    }
  });

  it('is the same from its bytes as from its path', async () => {
    const path = picturePath('progressive.jpg');
    const shape = square(24);
    expect(await decodePicture(readFileSync(path), { shape })).toEqual(
      await decodePicture(path, { shape }),
    );
  });

  it('has three equal channels if it is grey, which are its one channel', async () => {
    const path = picturePath('grey.png');
    const colour = await decodePicture(path, { shape: square(20) });
    const grey = await decodePicture(path, { shape: square(20, 1) });
    for (let channel = 0; channel < 3; channel++) {
      expect(colour.slice(channel * 400, (channel + 1) * 400)).toEqual(grey);
    }
  });

  it('can be stretched instead of cut', async () => {
    const path = picturePath('rgb.png');
    const shape = { channels: 3, height: 36, width: 12 };
    const stretched = await decodePicture(path, { shape, fit: 'stretch' });
    const cut = await decodePicture(path, { shape });
    expect(stretched).toHaveLength(cut.length);
    expect(difference(stretched, cut).mean).toBeGreaterThan(5);
  });

  it('may be an AVIF file', async () => {
    const bytes = await sharp(picturePath('rgb.png'))
      .avif({ quality: 95, chromaSubsampling: '4:4:4', effort: 0 })
      .toBuffer();
    const shape = { channels: 3, height: 36, width: 48 };
    const original = await decodePicture(picturePath('rgb.png'), { shape });
    expect(difference(await decodePicture(bytes, { shape }), original).mean).toBeLessThan(4);
  });

  it('may have stray bytes around its pixels', async () => {
    const shape = square(32);
    const jpeg = readFileSync(picturePath('orientation-1.jpg'));
    const stray = Buffer.concat([
      jpeg.subarray(0, -2),
      Buffer.alloc(2),
      jpeg.subarray(-2),
      Buffer.alloc(99),
    ]);
    expect(await decodePicture(stray, { shape })).toEqual(await decodePicture(jpeg, { shape }));
  });

  it('does not pass through a colour profile', async () => {
    const rgb = { channels: 3, height: 36, width: 48 };
    const wide = await sharp(picturePath('rgb.png')).withIccProfile('p3').png().toBuffer();
    const stored = await sharp(wide, { ignoreIcc: true }).raw().toBuffer();
    const values = await decodePicture(wide, { shape: rgb });
    expect([values[0], values[1728], values[3456]]).toEqual([...stored.subarray(0, 3)]);
  });
});

describe('what is no picture', () => {
  const shape = square(8);

  it.each([
    ['an empty file', Buffer.alloc(0), 'the file is empty'],
    ['a text', Buffer.from('hello, world'), 'it starts with the bytes 68656c6c6f2c2077'],
    [
      'a vector graphic',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      'it starts with',
    ],
    ['a document', Buffer.from('%PDF-1.4 and so on'), 'it starts with'],
  ])('is refused by name: %s', async (_, bytes, reason) => {
    const decoding = decodePicture(bytes, { shape, name: 'cats/one.jpg' });
    await expect(decoding).rejects.toThrow(UsageError);
    await expect(decoding).rejects.toThrow(
      `cats/one.jpg: this is not a picture that can be read: ${reason}`,
    );
    await expect(decoding).rejects.toThrow(
      'expected one of JPEG, PNG, WebP, GIF, TIFF, AVIF and BMP',
    );
  });

  it('is refused if the file is missing, or is a folder', async () => {
    await expect(decodePicture('/nowhere/cat.jpg', { shape })).rejects.toThrow(
      "/nowhere/cat.jpg: the picture can't be read (ENOENT",
    );
    await expect(decodePicture(picturePath(''), { shape })).rejects.toThrow(
      'it is not a regular file',
    );
  });

  it('is refused if it declares too many pixels', async () => {
    const decoding = decodePicture(picturePath('photo.jpg'), { shape, maxPixels: 1000 });
    await expect(decoding).rejects.toThrow(
      /photo\.jpg: the picture declares more than 1000 pixels/,
    );
  });

  it.each([
    square(8, 2),
    square(0),
    square(1.5),
    { channels: 3, height: 8, width: Number.NaN },
    square(2 ** 20),
  ])('is refused as a wanted shape: %j', async (wanted) => {
    const decoding = decodePicture(picturePath('rgb.png'), { shape: wanted });
    await expect(decoding).rejects.toThrow(UsageError);
    await expect(decoding).rejects.toThrow("pictures can't be decoded to");
  });
});

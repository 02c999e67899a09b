import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { goldenPictures, picturePath } from '../testing/pictures.js';
import { hasPictureName } from './format.js';
import { readPictureHeader } from './picture-header.js';

describe("a picture's header", () => {
  it.each(goldenPictures())('gives the upright size: $name', async ({ name, width, height }) => {
    expect(await readPictureHeader(picturePath(name))).toMatchObject({ width, height });
  });

  it.each([
    ['grey.jpg', 1],
    ['grey16.png', 1],
    ['grey-alpha.png', 1],
    ['bilevel.png', 1],
    ['rgb.png', 3],
    ['rgba.png', 3],
    ['palette.png', 3],
    ['cmyk.jpg', 3],
    ['still.gif', 3],
  ])('tells grey from colour: %s has %i', async (name, channels) => {
    expect((await readPictureHeader(picturePath(name))).channels).toBe(channels);
  });

  it('is refused if it is damaged', async () => {
    const bytes = readFileSync(picturePath('rgb.png')).subarray(0, 20);
    await expect(readPictureHeader(bytes, { name: 'a.png' })).rejects.toThrow(
      /^a\.png: the picture is truncated or damaged/,
    );
  });
});

describe("a picture's name", () => {
  it.each(['a.jpg', 'b.JPEG', 'c.PNG', 'd.webp', 'e.gif', 'f.tif', 'g.tiff', 'h.avif'])(
    'is told by its ending: %s',
    (name) => {
      expect(hasPictureName(name)).toBe(true);
    },
  );

  it.each(['a.txt', 'jpg', 'b.jpg.zip', 'c.svg', 'd.pdf'])('is not: %s', (name) => {
    expect(hasPictureName(name)).toBe(false);
  });
});

import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import type { GridCells } from '../../core/grid-cells.js';
import type { SnapshotView } from '../view.js';

/** How the cells of a picture are laid out, without its address. */
export type SpriteLayout = Pick<SnapshotView, 'columns' | 'count' | 'width' | 'height'>;

/** Pixels of a picture up to which it is kept exactly. */
const mostExact = 300_000;
/** The format's limit of a side. */
const longestSide = 16_000;

/**
 * The images of a snapshot at their own size, without gaps and text, as WebP. Of a picture whose cells are not known the
 * whole is one image.
 * @param least 1, or by how much to make the images smaller
 */
export async function spriteOf(path: string, cells: GridCells | undefined, least = 1) {
  const file = await readFile(path);
  if (cells === undefined) return await wholePicture(file);
  const { data, info } = await sharp(file)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { columns, count, width, height } = cells;
  const size = { width: width * columns, height: height * Math.ceil(count / columns) };
  const pixels = Buffer.alloc(size.width * size.height * 3, 255);
  const picture = { data, width: info.width, channels: info.channels };
  for (let index = 0; index < count; index++) copyCell(picture, cells, index, pixels);
  const shrink = Math.max(least, size.width / longestSide, size.height / longestSide);
  const image = sharp(pixels, { raw: { ...size, channels: 3 } });
  const cell = { width: Math.floor(width / shrink), height: Math.floor(height / shrink) };
  const shown =
    shrink > 1
      ? image.resize(cell.width * columns, (cell.height * size.height) / height, { fit: 'fill' })
      : image;
  const isExact = size.width * size.height <= mostExact;
  const webp = await shown.webp(isExact ? { lossless: true } : { quality: 85 }).toBuffer();
  return { webp, layout: { columns, count, ...cell } satisfies SpriteLayout };
}

async function wholePicture(file: Buffer) {
  const webp = await sharp(file).webp({ quality: 85 }).toBuffer();
  const { width = 1, height = 1 } = await sharp(file).metadata();
  return { webp, layout: { columns: 1, count: 1, width, height } satisfies SpriteLayout };
}

interface RawPicture {
  readonly data: Buffer;
  readonly width: number;
  readonly channels: number;
}

/** Each pixel of an image is a square of the picture: its corner is copied. */
function copyCell(
  { data, width: pictureWidth, channels }: RawPicture,
  { left, top, columns, width, height, scale, gap }: GridCells,
  index: number,
  target: Buffer,
): void {
  const [row, column] = [Math.floor(index / columns), index % columns];
  const x0 = left + column * (width * scale + gap);
  const y0 = top + row * (height * scale + gap);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = ((y0 + y * scale) * pictureWidth + x0 + x * scale) * channels;
      const to = ((row * height + y) * width * columns + column * width + x) * 3;
      for (let colour = 0; colour < 3; colour++) {
        target[to + colour] = data[from + Math.min(colour, channels - 1)]!;
      }
    }
  }
}

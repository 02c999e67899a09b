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
 * How the images of a snapshot are laid out in their sprite.
 * @param least 1, or by how much to make the images smaller
 */
export async function layoutOf(
  path: string,
  cells: GridCells | undefined,
  least = 1,
): Promise<SpriteLayout> {
  if (cells === undefined) {
    const { width = 1, height = 1 } = await sharp(path).metadata();
    return { columns: 1, count: 1, width, height };
  }
  const { columns, count, width, height } = cells;
  const rows = Math.ceil(count / columns);
  const longest = Math.max(width * columns, height * rows);
  const shrink = Math.max(1, least, longest / longestSide);
  const smaller = (side: number): number => Math.max(1, Math.floor(side / shrink));
  return { columns, count, width: smaller(width), height: smaller(height) };
}

/**
 * The images of a snapshot at their own size, without gaps and text, as WebP. Of a picture whose cells are not known the
 * whole is one image.
 */
export async function spriteOf(path: string, cells: GridCells | undefined, least = 1) {
  const layout = await layoutOf(path, cells, least);
  if (cells === undefined) {
    return { webp: await sharp(path).webp({ quality: 85 }).toBuffer(), layout };
  }
  const { data, info } = await sharp(path)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { columns, count, width, height } = cells;
  const rows = Math.ceil(count / columns);
  const size = { width: width * columns, height: height * rows };
  const pixels = Buffer.alloc(size.width * size.height * 3, 255);
  const picture = { data, width: info.width, channels: info.channels };
  for (let index = 0; index < count; index++) copyCell(picture, cells, index, pixels);
  const image = sharp(pixels, { raw: { ...size, channels: 3 } });
  const target = { width: layout.width * columns, height: layout.height * rows };
  const shown = target.width < size.width ? image.resize({ ...target, fit: 'fill' }) : image;
  const isExact = target.width * target.height <= mostExact;
  const webp = await shown.webp(isExact ? { lossless: true } : { quality: 85 }).toBuffer();
  return { webp, layout };
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

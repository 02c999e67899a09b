import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../core/testing/folder.js';
import { writeImageGrid } from '../../report/pictures.js';
import { pixelsAt } from '../testing/run-folder.js';
import { spriteOf } from './sprite.js';

async function picture() {
  const path = join(temporaryFolder(), 'grid.png');
  const shape = { channels: 1, height: 4, width: 4 };
  const options = { pixels: pixelsAt(5), shape, columns: 2, path, caption: 'five' };
  return { path, cells: await writeImageGrid({ ...options, rowLabels: ['first', 'second'] }) };
}

describe('the images of a snapshot', () => {
  it('are those that were drawn, pixel for pixel, whatever stands beside them', async () => {
    const { path, cells } = await picture();
    const { webp, layout } = await spriteOf(path, cells);
    expect(layout).toEqual({ columns: 2, count: 4, width: 4, height: 4 });
    const { data, info } = await sharp(webp).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([8, 8]);
    const expected = pixelsAt(5);
    for (let index = 0; index < 4; index++) {
      for (let at = 0; at < 16; at++) {
        const [x, y] = [(index % 2) * 4 + (at % 4), Math.floor(index / 2) * 4 + Math.floor(at / 4)];
        const found = data[(y * 8 + x) * info.channels];
        expect(found).toBe(Math.round(255 * expected[index * 16 + at]!));
      }
    }
  });

  it('are one image where the log does not tell where they are', async () => {
    const { path } = await picture();
    const { width, height } = await sharp(path).metadata();
    const { layout } = await spriteOf(path, undefined);
    expect(layout).toEqual({ columns: 1, count: 1, width, height });
  });

  it('are made smaller where they would not fit', async () => {
    const { path, cells } = await picture();
    const { webp, layout } = await spriteOf(path, cells, 2);
    expect(layout).toMatchObject({ width: 2, height: 2 });
    expect(await sharp(webp).metadata()).toMatchObject({ width: 4, height: 4 });
  });
});

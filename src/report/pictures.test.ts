import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../core/testing/folder.js';
import { type PictureOptions, writeComparison, writeImageGrid } from './pictures.js';

/** The colour at a position of a PNG file, and the file's size. */
async function decode(path: string) {
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  expect(info.channels).toBe(3);
  const at = (x: number, y: number) => [...data.subarray((y * info.width + x) * 3).subarray(0, 3)];
  return { width: info.width, height: info.height, at };
}

const margin = 12;
const gap = 3;

describe('an image grid', () => {
  test('puts every pixel of every image where it belongs, row by row', async () => {
    const path = join(temporaryFolder(), 'grid.png');
    const shape = { channels: 1, height: 2, width: 3 };
    const values = Array.from({ length: 4 * 6 }, (_, index) => index * 10);
    const pixels = Float32Array.from(values, (value) => value / 255);
    await writeImageGrid({ pixels, shape, columns: 2, scale: 4, path });

    const picture = await decode(path);
    const [cellWidth, cellHeight] = [3 * 4, 2 * 4];
    expect(picture.width).toBe(2 * margin + 2 * cellWidth + gap);
    expect(picture.height).toBe(2 * margin + 2 * cellHeight + gap);
    for (let image = 0; image < 4; image += 1) {
      const left = margin + (image % 2) * (cellWidth + gap);
      const top = margin + Math.floor(image / 2) * (cellHeight + gap);
      for (let y = 0; y < cellHeight; y += 1) {
        for (let x = 0; x < cellWidth; x += 1) {
          const grey = values[image * 6 + Math.floor(y / 4) * 3 + Math.floor(x / 4)];
          expect(picture.at(left + x, top + y)).toEqual([grey, grey, grey]);
        }
      }
    }
    expect(picture.at(0, 0)).toEqual([255, 255, 255]);
    expect(picture.at(margin + cellWidth + 1, margin)).toEqual([255, 255, 255]);
  });

  test('reads three channels as red, green and blue', async () => {
    const path = join(temporaryFolder(), 'colour.png');
    const pixels = Float32Array.of(1, 0, 0.2, 0.4, 0, 1);
    const shape = { channels: 3, height: 1, width: 2 };
    await writeImageGrid({ pixels, shape, columns: 1, scale: 1, path });
    const picture = await decode(path);
    expect(picture.at(margin, margin)).toEqual([255, 51, 0]);
    expect(picture.at(margin + 1, margin)).toEqual([0, 102, 255]);
  });

  test('clamps what lies outside [0, 1]', async () => {
    const path = join(temporaryFolder(), 'clamped.png');
    const pixels = Float32Array.of(-3, 7);
    const shape = { channels: 1, height: 1, width: 2 };
    await writeImageGrid({ pixels, shape, columns: 1, scale: 1, path });
    const picture = await decode(path);
    expect(picture.at(margin, margin)).toEqual([0, 0, 0]);
    expect(picture.at(margin + 1, margin)).toEqual([255, 255, 255]);
  });

  test.each([
    [28, 56],
    [32, 64],
    [64, 64],
    [128, 128],
  ])('shows images of %i pixels at %i by default', async (size, shown) => {
    const path = join(temporaryFolder(), 'scaled.png');
    const shape = { channels: 1, height: size, width: size };
    await writeImageGrid({ pixels: new Float32Array(size * size), shape, columns: 1, path });
    expect((await decode(path)).width).toBe(2 * margin + shown);
  });

  test('makes room for row labels and draws them there, never over the images', async () => {
    const folder = temporaryFolder();
    const shape = { channels: 1, height: 8, width: 8 };
    const grid = { pixels: new Float32Array(2 * 64), shape, columns: 1, scale: 4 };
    await writeImageGrid({ ...grid, path: join(folder, 'bare.png') });
    const rowLabels = ['Ankle boot', '<b> & "c"'];
    await writeImageGrid({ ...grid, rowLabels, path: join(folder, 'labelled.png') });

    const bare = await decode(join(folder, 'bare.png'));
    const labelled = await decode(join(folder, 'labelled.png'));
    const added = labelled.width - bare.width;
    expect(labelled.height).toBe(bare.height);
    // A system without fonts draws no labels and leaves no room for them.
    if (added === 0) return;
    for (const row of [0, 1]) {
      const top = margin + row * (32 + gap);
      let darkPixels = 0;
      for (let y = top; y < top + 32; y += 1) {
        for (let x = 0; x < added; x += 1) if (labelled.at(x, y)[0]! < 128) darkPixels += 1;
        expect(labelled.at(margin + added - 1, y)).toEqual([255, 255, 255]);
        expect(labelled.at(margin + added, y)).toEqual([0, 0, 0]);
      }
      expect(darkPixels).toBeGreaterThan(20);
    }
  });

  test.each([0, 5, 7])('refuses %i values as images of 6', async (length) => {
    const folder = temporaryFolder();
    const shape = { channels: 1, height: 2, width: 3 };
    const path = join(folder, 'grid.png');
    const written = writeImageGrid({ pixels: new Float32Array(length), shape, columns: 1, path });
    await expect(written).rejects.toThrow(RangeError);
    await expect(written).rejects.toThrow(`[1, 2, 3] (6 values each), got ${length} values`);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a comparison', () => {
  const options: Omit<PictureOptions, 'path'> = {
    shape: { channels: 1, height: 1, width: 1 },
    scale: 20,
  };

  test('puts the grids side by side', async () => {
    const path = join(temporaryFolder(), 'comparison.png');
    const panels = [
      { pixels: Float32Array.of(0, 0.2), columns: 1 },
      { pixels: Float32Array.of(0.4, 0.6), columns: 1 },
    ];
    await writeComparison({ ...options, panels, path });
    const picture = await decode(path);
    const second = margin + 20 + 24;
    expect(picture.width).toBe(second + 20 + margin);
    expect(picture.at(margin, margin)).toEqual([0, 0, 0]);
    expect(picture.at(margin, margin + 20 + gap)).toEqual([51, 51, 51]);
    expect(picture.at(second, margin)).toEqual([102, 102, 102]);
    expect(picture.at(second, margin + 20 + gap)).toEqual([153, 153, 153]);
    expect(picture.at(second - 1, margin)).toEqual([255, 255, 255]);
  });

  test('keeps a long caption clear of the next grid', async () => {
    const folder = temporaryFolder();
    const pixels = Float32Array.of(0);
    const caption = 'the start of the distillation';
    const panels = (first: string) => [
      { pixels, columns: 1, caption: first },
      { pixels, columns: 1, caption: 'b' },
    ];
    await writeComparison({ ...options, panels: panels('a'), path: join(folder, 'short.png') });
    await writeComparison({ ...options, panels: panels(caption), path: join(folder, 'long.png') });
    const short = await decode(join(folder, 'short.png'));
    const long = await decode(join(folder, 'long.png'));
    const captionsAreDrawn = short.height > 2 * margin + 20;
    expect(long.width - short.width > 100).toBe(captionsAreDrawn);
  });
});

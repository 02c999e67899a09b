import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ImageShape } from '../../core/image-shape.js';

/** The folder of pictures that make_pictures.py made. */
export const pictureFolder = fileURLToPath(new URL('./fixtures/pictures/', import.meta.url));

/** What PIL makes of a picture. */
export interface GoldenPicture {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Of the whole picture, upright: [3, height, width], uint8. */
  readonly sha256: string;
  readonly fits: readonly { readonly shape: ImageShape; readonly values: Uint8Array }[];
}

interface StoredPicture {
  readonly width: number;
  readonly height: number;
  readonly sha256: string;
  readonly fits: readonly {
    readonly shape: readonly [number, number, number];
    readonly offset: number;
  }[];
}

/** The path of one of the made pictures. */
export function picturePath(name: string): string {
  return `${pictureFolder}${name}`;
}

/** What PIL makes of every made picture. */
export function goldenPictures(): GoldenPicture[] {
  const index = JSON.parse(readFileSync(picturePath('golden.json'), 'utf8')) as Record<
    string,
    StoredPicture
  >;
  const values = readFileSync(picturePath('golden.bin'));
  return Object.entries(index).map(([name, { fits, ...rest }]) => ({
    name,
    ...rest,
    fits: fits.map(({ shape: [channels, height, width], offset }) => ({
      shape: { channels, height, width },
      values: values.subarray(offset, offset + channels * height * width),
    })),
  }));
}

/** How far two pictures are apart, in steps of 255. */
export function difference(a: Uint8Array, b: Uint8Array): { max: number; mean: number } {
  if (a.length !== b.length)
    return { max: Number.POSITIVE_INFINITY, mean: Number.POSITIVE_INFINITY };
  let max = 0;
  let sum = 0;
  for (let index = 0; index < a.length; index++) {
    const step = Math.abs(a[index]! - b[index]!);
    max = Math.max(max, step);
    sum += step;
  }
  return { max, mean: sum / a.length };
}

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { TemporaryFolder } from '../core/index.js';
import type { Dataset } from '../data/index.js';
import type { SyntheticImages } from '../distill/index.js';
import { writeImageGrid } from '../report/pictures.js';

export interface PictureCost {
  readonly seconds: number;
  /** Of its file. */
  readonly bytes: number;
}

/** Draws the images as a run does, and leaves nothing behind. */
export async function drawOnce(
  { images, imagesPerClass }: SyntheticImages,
  { shape, classNames }: Dataset,
): Promise<PictureCost> {
  using folder = new TemporaryFolder('plan');
  const path = join(folder.path, 'picture.png');
  const started = performance.now();
  await writeImageGrid({
    shape,
    pixels: images.toFloat32Array(),
    columns: imagesPerClass,
    rowLabels: classNames,
    caption: 'iteration 0',
    path,
  });
  return { seconds: (performance.now() - started) / 1000, bytes: statSync(path).size };
}

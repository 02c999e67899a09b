import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { writeFileAtomic } from '../../core/index.js';
import { writeSoftLabels } from './arrays.js';
import { type ExportedSet, placesInClass } from './exported-set.js';
import { classFolders } from './files.js';

/** Every image as a PNG of 8 bits a channel, round(255 · value): lossless but for that rounding. */
export async function encodeImages({ images }: ExportedSet): Promise<Buffer[]> {
  const [count, channels, height, width] = images.shape as [number, number, number, number];
  const plane = height * width;
  const values = images.toFloat32Array();
  const encoded: Buffer[] = [];
  for (let image = 0; image < count; image++) {
    const pixels = Buffer.alloc(channels * plane);
    for (let channel = 0; channel < channels; channel++) {
      for (let place = 0; place < plane; place++) {
        const value = values[(image * channels + channel) * plane + place]!;
        pixels[place * channels + channel] = Math.round(255 * value);
      }
    }
    const raw = { width, height, channels: channels as 1 | 3 };
    const picture = sharp(pixels, { raw }).toColourspace(channels === 1 ? 'b-w' : 'srgb');
    encoded.push(await picture.png({ compressionLevel: 9 }).toBuffer());
  }
  return encoded;
}

/**
 * A folder of PNG files per class. Folders begin with the class number, as many digits in all, so that readers which
 * number classes by the order of their names number them alike: `0-t-shirt-top`, `1-trouser`. Soft labels lie beside
 * them, in the order of the sorted files.
 */
export async function writePng(folder: string, set: ExportedSet): Promise<void> {
  const { labels, metadata, probabilities } = set;
  if (probabilities) writeSoftLabels(folder, probabilities);
  const folders = classFolders(metadata.classNames).map((name) => join(folder, name));
  for (const path of folders) mkdirSync(path, { recursive: true });
  const places = placesInClass(labels);
  const digits = String(places.reduce((most, place) => Math.max(most, place), 0)).length;
  for (const [index, bytes] of (await encodeImages(set)).entries()) {
    const file = `${String(places[index]).padStart(digits, '0')}.png`;
    writeFileAtomic(join(folders[labels[index]!]!, file), bytes);
  }
}

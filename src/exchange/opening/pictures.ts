import { UsageError } from '../../core/index.js';
import type { PictureInput } from '../../data/decoding/open-picture.js';
import { pixelsPerImage, pixelsToTensor } from '../../data/index.js';
import { ParquetPictures } from '../../data/readers/parquet-pictures.js';
import { decodePicture, openWholeFolder, readPictureHeader } from '../../data/reading.js';
import { scope, type Tensor, tensor } from '../../tensor/index.js';
import type { LabelledSet } from './labelled-set.js';

/** A picture's file or its bytes, and what to call it in errors. */
export interface Picture {
  readonly input: PictureInput;
  readonly name: string;
}

export function pictureFile(path: string): Picture {
  return { input: path, name: path };
}

/**
 * Pictures of one size as a tensor [n, channels, height, width] in [0, 1]; nothing is scaled, which would change what was
 * distilled.
 *
 * @throws UsageError naming a picture that is damaged or has another size than the first.
 */
export async function decodePictures(
  pictures: readonly Picture[],
  channels: 1 | 3,
): Promise<Tensor> {
  const sizes = await Promise.all(
    pictures.map(({ input, name }) => readPictureHeader(input, { name })),
  );
  const { height, width } = sizes[0]!;
  const odd = sizes.findIndex((size) => size.width !== width || size.height !== height);
  if (odd >= 0) {
    const found = `${sizes[odd]!.width}×${sizes[odd]!.height}`;
    throw new UsageError(
      `${pictures[odd]!.name} is ${found}; expected pictures of one size, ${width}×${height} as the first`,
    );
  }
  const shape = { channels, height, width };
  const perImage = pixelsPerImage(shape);
  const pixels = new Uint8Array(pictures.length * perImage);
  for (const [index, { input, name }] of pictures.entries()) {
    pixels.set(await decodePicture(input, { shape, name }), index * perImage);
  }
  return scope(() => pixelsToTensor(pixels, pictures.length, shape, 'cpu'));
}

/** A folder of class folders of pictures. */
export async function openPictures(path: string, channels: 1 | 3): Promise<LabelledSet> {
  const files = await openWholeFolder(path, { channels, size: 1 });
  const { labels, classNames } = files;
  const pictures = Array.from(labels, (_, index) => pictureFile(files.describe(index)));
  return labelled(await decodePictures(pictures, channels), labels, classNames);
}

/** A parquet file of pictures and their labels, as Hugging Face's `datasets` writes it. */
export async function openParquetPictures(path: string, channels: 1 | 3): Promise<LabelledSet> {
  const rows = await ParquetPictures.open([path]);
  const { labels, classNames } = rows;
  if (labels.length === 0) throw new UsageError(`${path} holds no pictures`);
  const pictures: Picture[] = [];
  for (const row of labels.keys()) {
    pictures.push({ input: Buffer.from(await rows.bytes(row)), name: rows.describe(row) });
  }
  return labelled(await decodePictures(pictures, channels), labels, classNames);
}

function labelled(images: Tensor, labels: Int32Array, classNames: readonly string[]): LabelledSet {
  return { images, labels: tensor(Array.from(labels), [labels.length], 'int64'), classNames };
}

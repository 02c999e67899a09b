import { join } from 'node:path';
import type { LabelledPart } from '../dataset/dataset.js';
import { checkPictureShape, decodePicture } from '../decoding/decode.js';
import type { PictureFit } from '../decoding/geometry.js';
import { measurePicture } from '../decoding/high-bit-depth.js';
import { decodingIdentity } from '../decoding/identity.js';
import type { PictureInput } from '../decoding/open-picture.js';
import type { PictureSource } from '../decoding/picture-source.js';

export interface PicturePair {
  readonly train: PictureSource;
  readonly test: PictureSource;
}

export interface LabelledFile {
  /** Relative to the root, with `/`. */
  readonly file: string;
  readonly label: number;
}

type PictureFilesOptions = Omit<LabelledPart, 'labels'> & {
  readonly root: string;
  readonly files: readonly LabelledFile[];
  /** Default: `crop`. */
  readonly fit?: PictureFit;
};

/**
 * Pictures in files of their own.
 *
 * @throws UsageError if pictures can't have the shape.
 */
export async function pictureFiles(options: PictureFilesOptions): Promise<PictureSource> {
  const { root, files, ...described } = options;
  const paths = files.map(({ file }) => join(root, file));
  const place = (index: number) => paths[index]!;
  return storedPictures({
    ...described,
    origin: root,
    labels: Int32Array.from(files, ({ label }) => label),
    describe: place,
    identify: (hashes) => hashes.of(paths),
    read: place,
  });
}

type Description = Omit<PictureSource, 'decoding' | 'decode' | 'measure'>;

/**
 * Pictures that lie anywhere.
 *
 * @throws UsageError if pictures can't have the shape.
 */
export function storedPictures({
  fit = 'crop',
  read,
  ...described
}: Description & {
  /** Default: `crop`. */
  readonly fit?: PictureFit;
  /** The path or the content of a picture's file. */
  readonly read: (index: number) => PictureInput | Promise<PictureInput>;
}): PictureSource {
  const { shape, describe } = described;
  checkPictureShape(shape);
  return {
    ...described,
    decoding: decodingIdentity(shape, fit),
    async decode(index, scale) {
      const options = { shape, fit, name: describe(index), ...(scale && { scale }) };
      return decodePicture(await read(index), options);
    },
    measure: async (index) => measurePicture(await read(index), { name: describe(index) }),
  };
}

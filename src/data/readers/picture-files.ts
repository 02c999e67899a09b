import { join } from 'node:path';
import type { ImageShape } from '../../core/image-shape.js';
import type { PictureSource } from '../dataset/picture-source.js';
import { checkPictureShape, decodePicture } from '../decoding/decode.js';
import type { PictureFit } from '../decoding/geometry.js';
import { measurePicture } from '../decoding/high-bit-depth.js';
import { decodingIdentity } from '../decoding/identity.js';

/** The two parts of a set of pictures. */
export interface PicturePair {
  readonly train: PictureSource;
  readonly test: PictureSource;
}

/** A picture's file and its class. */
export interface LabelledFile {
  /** Relative to the root, with `/`. */
  readonly file: string;
  readonly label: number;
}

/** What `pictureFiles` needs to know. */
export interface PictureFilesOptions {
  readonly name: string;
  readonly split: string;
  readonly root: string;
  readonly files: readonly LabelledFile[];
  readonly classNames: readonly string[];
  readonly shape: ImageShape;
  /** Default: `crop`. */
  readonly fit?: PictureFit;
}

/**
 * Pictures in files of their own.
 *
 * @throws UsageError if pictures can't have the shape.
 */
export async function pictureFiles(options: PictureFilesOptions): Promise<PictureSource> {
  const { name, split, root, classNames, shape, fit = 'crop' } = options;
  checkPictureShape(shape);
  const paths = options.files.map(({ file }) => join(root, file));
  const describe = (index: number) => paths[index]!;
  return {
    name,
    split,
    shape,
    classNames,
    labels: Int32Array.from(options.files, ({ label }) => label),
    origin: root,
    decoding: decodingIdentity(shape, fit),
    describe,
    identify: (files) => files.of(paths),
    decode: (index, scale) =>
      decodePicture(describe(index), { shape, fit, ...(scale && { scale }) }),
    measure: (index) => measurePicture(describe(index)),
  };
}

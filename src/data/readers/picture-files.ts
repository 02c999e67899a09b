import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../tensor/errors.js';
import type { ImageShape } from '../dataset.js';
import { checkPictureShape, decodePicture } from '../decoding/decode.js';
import type { PictureFit } from '../decoding/geometry.js';
import type { PictureSource } from '../pictures.js';

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

/** What {@link pictureFiles} needs to know. */
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

/** Part of every fingerprint; raised when decoding gives other bytes than before. */
const DECODING_VERSION = 1;

/** How many files are looked at together. */
const LOOK_UPS = 64;

/**
 * Pictures in files of their own.
 *
 * @throws UsageError naming a file that is missing, or if pictures can't have the shape.
 */
export async function pictureFiles(options: PictureFilesOptions): Promise<PictureSource> {
  const { name, split, root, classNames, shape, fit = 'crop' } = options;
  checkPictureShape(shape);
  const files = options.files.map(({ file }) => file);
  const labels = Int32Array.from(options.files, ({ label }) => label);
  const fingerprint = await fingerprintFiles(
    root,
    files,
    labels,
    JSON.stringify({ version: DECODING_VERSION, name, split, shape, fit, classNames }),
  );
  const describe = (index: number) => join(root, files[index]!);
  return {
    name,
    split,
    shape,
    classNames,
    labels,
    fingerprint,
    describe,
    decode: (index) => decodePicture(describe(index), { shape, fit }),
  };
}

/** SHA-256 (hex) over the settings and every file's name, label, size and time of change; the root is left out. */
async function fingerprintFiles(
  root: string,
  files: readonly string[],
  labels: Int32Array,
  settings: string,
): Promise<string> {
  const hash = createHash('sha256').update(`${settings}\n`);
  for (let start = 0; start < files.length; start += LOOK_UPS) {
    const some = files.slice(start, start + LOOK_UPS);
    const found = await Promise.all(some.map((file) => lookUp(join(root, file))));
    some.forEach((file, row) => {
      hash.update(`${JSON.stringify(file)} ${labels[start + row]} ${found[row]}\n`);
    });
  }
  return hash.digest('hex');
}

async function lookUp(path: string): Promise<string> {
  try {
    const { size, mtimeNs } = await stat(path, { bigint: true });
    return `${size} ${mtimeNs}`;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(
      `${path}: the picture can't be found (${reason}). Put it back, or unpack the data again.`,
      { cause },
    );
  }
}

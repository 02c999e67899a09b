import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { UsageError } from '../../core/errors.js';
import { readPictureHeader } from '../decoding/picture-header.js';
import type { PictureSource } from '../decoding/picture-source.js';
import { holdOut } from './hold-out.js';
import { describeHeldOut, describeUnused } from './notes.js';
import { ParquetPictures } from './parquet-pictures.js';
import { type PartKind, partKind, validationTested } from './part-names.js';
import { type PicturePair, storedPictures } from './picture-files.js';
import { choosePictureShape, type PictureShapeOptions } from './picture-shape.js';
import { byCodePoint } from './scan.js';

export interface ParquetOptions extends PictureShapeOptions {
  /** Default: the file's name without its ending, or the folder's. */
  readonly name?: string;
  /** The share of every class that is held out where there is no test part, in (0, 1). Default: 0.2. */
  readonly testShare?: number;
  /** Told which files were taken for what. */
  readonly onNote?: (message: string) => void;
}

/**
 * Pictures in parquet files as Hugging Face's `datasets` writes them: a column of pictures (bytes of JPEG, PNG… under
 * `bytes`, or the bytes themselves) and a column `label` of class numbers, with the classes' names in the file's
 * metadata. `path` is one file, or a folder (or its folder `data`) of `train-….parquet` and `test-….parquet` files,
 * which may be many; other usual names of parts are known, see `partKind`. Rows are read group by group when they are needed.
 *
 * @throws UsageError naming the file that is missing, damaged or has other columns.
 */
export async function openParquet(
  path: string,
  options: ParquetOptions = {},
): Promise<PicturePair> {
  const { testShare = 0.2, name = basename(path, extname(path)), onNote = () => {} } = options;
  const files = await findFiles(path);
  if (files.testIsValidation) onNote(`${validationTested}: ${shortList(files.test)}`);
  for (const note of describeUnused(files.unused.map((file) => basename(file)))) onNote(note);
  const train = await ParquetPictures.open(files.train);
  const test = files.test.length === 0 ? undefined : await ParquetPictures.open(files.test);
  const { classNames } = train;
  if (test !== undefined && test.classNames.join('\n') !== classNames.join('\n')) {
    throw new UsageError(
      `${files.test[0]}: its classes are ${test.classNames.join(', ')}; expected those of ${files.train[0]}: ${classNames.join(', ')}`,
    );
  }
  const readHeader = async (row: number) =>
    readPictureHeader(await train.bytes(row), { name: train.describe(row) });
  const shape = await choosePictureShape(train.labels.length, readHeader, options);
  const part = (split: string, pictures: ParquetPictures, rows?: readonly number[]) =>
    sourceOf(pictures, { name, split, shape, classNames }, rows);
  if (test !== undefined) {
    return { train: part('train', train), test: part('test', test) };
  }
  const listed = Array.from(train.labels, (label, row) => ({ file: String(row), label, row }));
  const divided = holdOut(listed, classNames, { fraction: testShare, place: path });
  onNote(describeHeldOut(divided.train.length, divided.test.length, testShare));
  const rowsOf = (chosen: readonly { readonly row: number }[]) => chosen.map(({ row }) => row);
  return {
    train: part('train', train, rowsOf(divided.train)),
    test: part('test', train, rowsOf(divided.test)),
  };
}

interface PartFiles {
  readonly train: readonly string[];
  readonly test: readonly string[];
  readonly testIsValidation: boolean;
  /** Validation files beside test files. */
  readonly unused: readonly string[];
}

async function findFiles(path: string): Promise<PartFiles> {
  const status = await stat(path).catch((cause: Error) => {
    throw new UsageError(`${path}: it can't be read: ${cause.message}`, { cause });
  });
  if (!status.isDirectory()) {
    return { train: [path], test: [], testIsValidation: false, unused: [] };
  }
  const names = await readdir(path);
  if (names.includes('data') && !names.some((name) => name.endsWith('.parquet'))) {
    return findFiles(join(path, 'data'));
  }
  const all = names.filter((name) => name.endsWith('.parquet')).sort(byCodePoint);
  // The part's name ends at the first '-', '_' or '.'.
  const of = (kind: PartKind) =>
    all
      .filter((name) => partKind(name.split(/[-_.]/)[0]!) === kind)
      .map((name) => join(path, name));
  const [train, test, validation] = [of('train'), of('test'), of('validation')];
  if (train.length === 0) {
    throw new UsageError(
      `${path}: there are no files named train-….parquet here; found ${all.join(', ') || 'no parquet files'}; name one file, or rename them`,
    );
  }
  if (test.length > 0) return { train, test, testIsValidation: false, unused: validation };
  return { train, test: validation, testIsValidation: validation.length > 0, unused: [] };
}

function shortList(files: readonly string[]): string {
  const names = files.slice(0, 3).map((file) => basename(file));
  return `${names.join(', ')}${files.length > 3 ? ', …' : ''}`;
}

type Part = Pick<PictureSource, 'name' | 'split' | 'shape' | 'classNames'>;

/** @param rows those of the part; default: all */
function sourceOf(
  pictures: ParquetPictures,
  part: Part,
  rows: readonly number[] = Array.from(pictures.labels, (_, row) => row),
): PictureSource {
  return storedPictures({
    ...part,
    labels: Int32Array.from(rows, (row) => pictures.labels[row]!),
    origin: dirname(resolve(pictures.files[0]!)),
    describe: (index) => pictures.describe(rows[index]!),
    async identify(files) {
      const hashes = await files.of(pictures.files.map((file) => resolve(file)));
      const identities = rows.map((of) => {
        const { file, row } = pictures.place(of);
        const hash = hashes.subarray(32 * file, 32 * file + 32);
        return createHash('sha256').update(hash).update(`row ${row}`).digest();
      });
      return Buffer.concat(identities);
    },
    read: (index) => pictures.bytes(rows[index]!),
  });
}

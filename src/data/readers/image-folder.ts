import { basename, join, resolve } from 'node:path';
import { nearest, UsageError } from '../../tensor/errors.js';
import type { ImageShape } from '../dataset.js';
import type { PictureFit } from '../decoding/geometry.js';
import { probePicture } from '../decoding/probe.js';
import type { PictureSource } from '../pictures.js';
import { holdOut } from './hold-out.js';
import { choosePictureDefaults, type PictureDefaults } from './picture-defaults.js';
import { type LabelledFile, type PicturePair, pictureFiles } from './picture-files.js';
import { listFolder, listPictures, type SkippedFile } from './scan.js';

/** How {@link openImageFolder} reads a folder. */
export interface ImageFolderOptions {
  /** Default: the folder's own name. */
  readonly name?: string;
  /** Height and width of every decoded picture. Default: `auto`, see {@link choosePictureDefaults}. */
  readonly size?: number | 'auto';
  /** Default: `auto`, see {@link choosePictureDefaults}. */
  readonly channels?: 1 | 3 | 'auto';
  /** Default: `crop`. */
  readonly fit?: PictureFit;
  /** The share of every class that is held out if the folder has no test part, in (0, 1). Default: 0.2. */
  readonly testFraction?: number;
  /** Told of every file that is left out because it is no picture. */
  readonly onSkipped?: (file: SkippedFile) => void;
}

/** Something that was chosen for the user while reading a folder. */
export type ImageFolderNote =
  /** Which folders were read. `test` is absent if pictures were held out; `ignored`: other parts that were found. */
  | {
      readonly kind: 'parts';
      readonly train: string;
      readonly test?: string;
      readonly ignored: readonly string[];
    }
  | {
      readonly kind: 'held-out';
      readonly fraction: number;
      readonly train: number;
      readonly test: number;
    }
  /** The size and channels that were asked for or chosen, and what the choice was made by. */
  | { readonly kind: 'shape'; readonly shape: ImageShape; readonly chosenBy?: PictureDefaults };

/** The pictures of a folder. */
export interface ImageFolder extends PicturePair {
  readonly notes: readonly ImageFolderNote[];
}

/** What test parts are called, the preferred name first. */
const TEST_PARTS = ['test', 'val', 'validation', 'valid'];

/** Held out unless told otherwise. */
export const DEFAULT_TEST_FRACTION = 0.2;

/**
 * Opens a folder of class folders: `<root>/<class>/…`, or with parts `<root>/train/<class>/…` and
 * `<root>/test/<class>/…` (or `val`, `validation`, `valid`). As in torchvision's ImageFolder, classes are numbered in
 * the order of their names by code point (so `10` comes before `2`), pictures may lie at any depth below their class,
 * hidden files and folders are left out, and links are followed. Pictures are told by their names' endings, and read
 * when they are decoded: {@link PictureSource.decode} reports a damaged one.
 *
 * Without a test part, some pictures of every class are held out, see {@link holdOut}.
 *
 * @throws UsageError if a folder can't be read, there are no class folders, a class has no pictures, or the two parts
 *   have different classes.
 */
export async function openImageFolder(
  root: string,
  options: ImageFolderOptions = {},
): Promise<ImageFolder> {
  const { testFraction = DEFAULT_TEST_FRACTION, fit = 'crop' } = options;
  const path = resolve(root);
  const name = options.name ?? basename(path);
  const parts = await findParts(path);
  const { classNames, files } = await readClasses(path, parts.train, options);
  const notes: ImageFolderNote[] = [partsNote(path, parts)];
  let divided: { readonly train: readonly LabelledFile[]; readonly test: readonly LabelledFile[] };
  if (parts.test === undefined) {
    divided = holdOut(files, classNames, testFraction);
    const [train, test] = [divided.train.length, divided.test.length];
    notes.push({ kind: 'held-out', fraction: testFraction, train, test });
  } else {
    const testPart = await readClasses(path, parts.test, options);
    checkSameClasses(
      join(path, parts.train),
      classNames,
      join(path, parts.test),
      testPart.classNames,
    );
    divided = { train: files, test: testPart.files };
  }
  const { shape, chosenBy } = await chooseShape(path, divided.train, options);
  notes.push({ kind: 'shape', shape, ...(chosenBy && { chosenBy }) });
  const common = { name, root: path, classNames, shape, fit };
  const train = await pictureFiles({ ...common, split: 'train', files: divided.train });
  const test = await pictureFiles({ ...common, split: 'test', files: divided.test });
  return { train, test, notes };
}

/**
 * Every picture of a folder of class folders (or of its training part), of which nothing is held out.
 *
 * @throws UsageError as {@link openImageFolder} does.
 */
export async function openWholeFolder(
  root: string,
  options: Omit<ImageFolderOptions, 'testFraction'> = {},
): Promise<PictureSource> {
  const path = resolve(root);
  const { name = basename(path), fit = 'crop' } = options;
  const { train } = await findParts(path);
  const { classNames, files } = await readClasses(path, train, options);
  const { shape } = await chooseShape(path, files, options);
  return pictureFiles({ name, root: path, classNames, shape, fit, split: 'train', files });
}

/** Folders below the root; '' is the root itself. */
interface Parts {
  readonly train: string;
  readonly test?: string;
  readonly ignored: readonly string[];
}

/** A folder `train` that holds pictures itself is a class (of vehicles, say), not a part. */
async function findParts(root: string): Promise<Parts> {
  const { folders } = await listFolder(root);
  if (!folders.includes('train') || !(await holdsClasses(join(root, 'train')))) {
    return { train: '', ignored: [] };
  }
  const present = TEST_PARTS.filter((part) => folders.includes(part));
  const usable: string[] = [];
  for (const part of present) if (await holdsClasses(join(root, part))) usable.push(part);
  const test = usable[0];
  const ignored = folders.filter((folder) => folder !== 'train' && folder !== test);
  return { train: 'train', ...(test !== undefined && { test }), ignored };
}

async function holdsClasses(path: string): Promise<boolean> {
  const { folders } = await listFolder(path);
  return folders.length > 0;
}

function partsNote(root: string, { train, test, ignored }: Parts): ImageFolderNote {
  const found = { train: join(root, train), ...(test !== undefined && { test: join(root, test) }) };
  return { kind: 'parts', ...found, ignored: ignored.map((folder) => join(root, folder)) };
}

async function readClasses(root: string, part: string, { onSkipped }: ImageFolderOptions) {
  const path = join(root, part);
  const { folders: classNames, files: loose } = await listFolder(path);
  if (classNames.length < 2) {
    const found =
      classNames.length === 0 ? 'are no folders' : `is only the folder '${classNames[0]}'`;
    throw new UsageError(
      `${path}: there ${found} here; expected one folder of pictures per class, at least two. ` +
        'Put the pictures of each class in a folder that is named after it.',
    );
  }
  for (const file of loose) {
    onSkipped?.({ path: join(path, file), reason: 'it lies outside the class folders' });
  }
  const files: LabelledFile[] = [];
  for (const [label, className] of classNames.entries()) {
    const pictures = await listPictures(join(path, className), onSkipped);
    if (pictures.length === 0) throw emptyClass(join(path, className));
    const below = part === '' ? className : `${part}/${className}`;
    for (const picture of pictures) files.push({ file: `${below}/${picture}`, label });
  }
  return { classNames, files };
}

function emptyClass(path: string): UsageError {
  return new UsageError(
    `${path}: this class has no pictures; expected at least one. Add some, or remove the folder. ` +
      '(Files are taken for pictures if their names end in .jpg, .jpeg, .png, .webp, .gif, .tif, .tiff or .avif.)',
  );
}

function checkSameClasses(
  trainPath: string,
  train: readonly string[],
  testPath: string,
  test: readonly string[],
): void {
  const missing = train.find((name) => !test.includes(name));
  const extra = test.find((name) => !train.includes(name));
  if (missing === undefined && extra === undefined) return;
  const [absent, from, other, candidates] =
    missing !== undefined
      ? [missing, testPath, trainPath, test]
      : [extra!, trainPath, testPath, train];
  const suggestion = nearest(absent, candidates);
  throw new UsageError(
    `${from}: class '${absent}' is missing here, but is there in ${other}; expected ` +
      `the same classes in both.${suggestion === undefined ? '' : ` Is it the folder '${suggestion}'?`}`,
  );
}

async function chooseShape(
  root: string,
  files: readonly LabelledFile[],
  { size = 'auto', channels = 'auto' }: ImageFolderOptions,
): Promise<{ shape: ImageShape; chosenBy?: PictureDefaults }> {
  if (size !== 'auto' && !(Number.isSafeInteger(size) && size > 0)) {
    throw new UsageError(`size is ${size}; expected 'auto' or a positive whole number of pixels.`);
  }
  if (size !== 'auto' && channels !== 'auto') {
    return { shape: { channels, height: size, width: size } };
  }
  const chosenBy = await choosePictureDefaults(files.length, (index) =>
    probePicture(join(root, files[index]!.file)),
  );
  const side = size === 'auto' ? chosenBy.size : size;
  return {
    shape: {
      channels: channels === 'auto' ? chosenBy.channels : channels,
      height: side,
      width: side,
    },
    chosenBy,
  };
}

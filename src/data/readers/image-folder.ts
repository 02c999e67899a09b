import { basename, extname, join, resolve } from 'node:path';
import { nearest, UsageError } from '../../core/errors.js';
import type { ImageShape } from '../../core/image-shape.js';
import { formatList } from '../decoding/format.js';
import type { PictureFit } from '../decoding/geometry.js';
import { readPictureHeader } from '../decoding/picture-header.js';
import type { PictureSource } from '../decoding/picture-source.js';
import { checkAreClasses, findLayout, reportLoose } from './folder-layout.js';
import { holdOut } from './hold-out.js';
import { describeHeldOut, describeLayout } from './notes.js';
import { type LabelledFile, type PicturePair, pictureFiles } from './picture-files.js';
import { choosePictureShape, type PictureShapeOptions } from './picture-shape.js';
import { listFolder, listPictures, type SkippedFile, systemFileReason } from './scan.js';

export interface ImageFolderOptions extends PictureShapeOptions {
  /** Default: the folder's own name. */
  readonly name?: string;
  /** Default: `crop`. */
  readonly fit?: PictureFit;
  /** The share of every class that is held out if the folder has no test part, in (0, 1). Default: 0.2. */
  readonly testFraction?: number;
  /** Told what was chosen: the folders, what is held out, the shape of the pictures. */
  readonly onNote?: (message: string) => void;
  /** Told of everything that is left out, and why. */
  readonly onSkipped?: (file: SkippedFile) => void;
}

/** Held out unless told otherwise. */
export const defaultTestFraction = 0.2;

/**
 * Opens a folder of class folders: `<root>/<class>/…`, or with parts `<root>/train/<class>/…` and
 * `<root>/test/<class>/…`, see `findLayout`; folders that hold but one other are gone through. As in torchvision's
 * ImageFolder, classes are numbered in the order of their names by code point (so `10` comes before `2`), pictures may
 * lie at any depth below their class, and links are followed. What is hidden or left by systems and programs is ignored.
 * Pictures are told by their names' endings, and read when they are decoded: `PictureSource.decode` reports a
 * damaged one.
 *
 * Without a test part, some pictures of every class are held out, see `holdOut`.
 *
 * @throws UsageError if a folder can't be read, there are no class folders, they look like parts, a class has no
 *   pictures, or the two parts have different classes.
 */
export async function openImageFolder(
  root: string,
  options: ImageFolderOptions = {},
): Promise<PicturePair> {
  const { testFraction = defaultTestFraction, fit = 'crop', onNote, onSkipped } = options;
  const path = resolve(root);
  const name = options.name ?? basename(path);
  const layout = await findLayout(path, onSkipped);
  const base = layout.root;
  const { classNames, files } = await readClasses(base, layout.train, options);
  for (const note of describeLayout(path, layout)) onNote?.(note);
  let divided: { readonly train: readonly LabelledFile[]; readonly test: readonly LabelledFile[] };
  if (layout.test === undefined) {
    divided = holdOut(files, classNames, {
      fraction: testFraction,
      place: join(base, layout.train),
    });
    onNote?.(describeHeldOut(divided.train.length, divided.test.length, testFraction));
  } else {
    const tested = await readClasses(base, layout.test, options);
    checkSameClasses(
      join(base, layout.train),
      classNames,
      join(base, layout.test),
      tested.classNames,
    );
    divided = { train: files, test: tested.files };
  }
  const shape = await chooseShape(base, divided.train, options);
  const common = { name, root: base, classNames, shape, fit };
  const train = await pictureFiles({ ...common, split: 'train', files: divided.train });
  const test = await pictureFiles({ ...common, split: 'test', files: divided.test });
  return { train, test };
}

/**
 * Every picture of a folder of class folders (or of its training part), of which nothing is held out.
 *
 * @throws UsageError as `openImageFolder` does.
 */
export async function openWholeFolder(
  root: string,
  options: Omit<ImageFolderOptions, 'testFraction'> = {},
): Promise<PictureSource> {
  const path = resolve(root);
  const { name = basename(path), fit = 'crop' } = options;
  const { root: base, train } = await findLayout(path, options.onSkipped);
  const { classNames, files } = await readClasses(base, train, options);
  const shape = await chooseShape(base, files, options);
  return pictureFiles({ name, root: base, classNames, shape, fit, split: 'train', files });
}

async function readClasses(root: string, part: string, { onSkipped }: ImageFolderOptions) {
  const path = join(root, part);
  const { folders: classNames } = await listFolder(path);
  if (classNames.length < 2) {
    const found =
      classNames.length === 0 ? 'are no folders' : `is only the folder '${classNames[0]}'`;
    throw new UsageError(
      `${path}: there ${found} here; expected one folder of pictures per class, at least two: ` +
        'put the pictures of each class in a folder that is named after it',
    );
  }
  await checkAreClasses(path, classNames);
  await reportLoose(path, onSkipped);
  const files: LabelledFile[] = [];
  for (const [label, className] of classNames.entries()) {
    const skipped: SkippedFile[] = [];
    const pictures = await listPictures(join(path, className), (file) => skipped.push(file));
    if (pictures.length === 0) throw emptyClass(join(path, className), skipped);
    for (const file of skipped) onSkipped?.(file);
    const below = part === '' ? className : `${part}/${className}`;
    for (const picture of pictures) files.push({ file: `${below}/${picture}`, label });
  }
  return { classNames, files };
}

function emptyClass(path: string, skipped: readonly SkippedFile[]): UsageError {
  const own = skipped.filter(({ reason }) => reason !== systemFileReason);
  const endings = [...new Set(own.map((file) => extname(file.path) || basename(file.path)))];
  const found =
    own.length === 0
      ? ''
      : ` (${own.length} other file${own.length === 1 ? '' : 's'}: ${endings.slice(0, 5).join(', ')}${endings.length > 5 ? ', …' : ''})`;
  return new UsageError(
    `${path}: this class has no pictures that can be read${found}; expected at least one: ${formatList}, told by ` +
      'their names (.jpg, .png, …); add or convert some, or remove the folder',
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
      `the same classes in both${suggestion === undefined ? '' : `. Is it the folder '${suggestion}'?`}`,
  );
}

function chooseShape(
  root: string,
  files: readonly LabelledFile[],
  { onNote, ...options }: ImageFolderOptions,
): Promise<ImageShape> {
  const readHeader = (index: number) => readPictureHeader(join(root, files[index]!.file));
  return choosePictureShape(files.length, readHeader, options, onNote);
}

import { basename, extname, join, resolve } from 'node:path';
import { nearest, UsageError } from '../../core/errors.js';
import type { ImageShape } from '../../core/image-shape.js';
import type { PictureSource } from '../dataset/picture-source.js';
import { formatList } from '../decoding/format.js';
import type { PictureFit } from '../decoding/geometry.js';
import { readPictureHeader } from '../decoding/picture-header.js';
import { checkAreClasses, type FolderLayout, findLayout, reportLoose } from './folder-layout.js';
import { holdOut } from './hold-out.js';
import { choosePictureDefaults, type PictureDefaults } from './picture-defaults.js';
import { type LabelledFile, type PicturePair, pictureFiles } from './picture-files.js';
import { listFolder, listPictures, type SkippedFile, systemFileReason } from './scan.js';

/** How `openImageFolder` reads a folder. */
export interface ImageFolderOptions {
  /** Default: the folder's own name. */
  readonly name?: string;
  /** Height and width of every decoded picture. Default: `auto`, see `choosePictureDefaults`. */
  readonly size?: number | 'auto';
  /** Default: `auto`, see `choosePictureDefaults`. */
  readonly channels?: 1 | 3 | 'auto';
  /** Default: `crop`. */
  readonly fit?: PictureFit;
  /** The share of every class that is held out if the folder has no test part, in (0, 1). Default: 0.2. */
  readonly testFraction?: number;
  /** Told of everything that is left out, and why. */
  readonly onSkipped?: (file: SkippedFile) => void;
}

/** Something that was chosen for the user while reading a folder. */
export type ImageFolderNote =
  /** The classes or parts lie in a folder below, where only one chain of folders leads. */
  | { readonly kind: 'wrapped'; readonly path: string }
  /** Which folders were read; `divided` when there are parts, else `train` is the whole of it. */
  | ({ readonly kind: 'parts'; readonly divided: boolean } & Omit<FolderLayout, 'root'>)
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
): Promise<ImageFolder> {
  const { testFraction = defaultTestFraction, fit = 'crop', onSkipped } = options;
  const path = resolve(root);
  const name = options.name ?? basename(path);
  const layout = await findLayout(path, onSkipped);
  const base = layout.root;
  const { classNames, files } = await readClasses(base, layout.train, options);
  const notes: ImageFolderNote[] = layoutNotes(path, layout);
  let divided: { readonly train: readonly LabelledFile[]; readonly test: readonly LabelledFile[] };
  if (layout.test === undefined) {
    divided = holdOut(files, classNames, {
      fraction: testFraction,
      place: join(base, layout.train),
    });
    const [train, test] = [divided.train.length, divided.test.length];
    notes.push({ kind: 'held-out', fraction: testFraction, train, test });
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
  const { shape, chosenBy } = await chooseShape(base, divided.train, options);
  notes.push({ kind: 'shape', shape, ...(chosenBy && { chosenBy }) });
  const common = { name, root: base, classNames, shape, fit };
  const train = await pictureFiles({ ...common, split: 'train', files: divided.train });
  const test = await pictureFiles({ ...common, split: 'test', files: divided.test });
  return { train, test, notes };
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
  const { shape } = await chooseShape(base, files, options);
  return pictureFiles({ name, root: base, classNames, shape, fit, split: 'train', files });
}

function layoutNotes(path: string, layout: FolderLayout): ImageFolderNote[] {
  const { root, train, test, testIsValidation, unused, ignored } = layout;
  return [
    ...(root === path ? [] : [{ kind: 'wrapped' as const, path: root }]),
    {
      kind: 'parts',
      divided: train !== '',
      train: join(root, train),
      ...(test !== undefined && { test: join(root, test) }),
      testIsValidation,
      unused: unused.map((folder) => join(root, folder)),
      ignored: ignored.map((folder) => join(root, folder)),
    },
  ];
}

async function readClasses(root: string, part: string, { onSkipped }: ImageFolderOptions) {
  const path = join(root, part);
  const { folders: classNames } = await listFolder(path);
  if (classNames.length < 2) {
    const found =
      classNames.length === 0 ? 'are no folders' : `is only the folder '${classNames[0]}'`;
    throw new UsageError(
      `${path}: there ${found} here; expected one folder of pictures per class, at least two. ` +
        'Put the pictures of each class in a folder that is named after it.',
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
      'their names (.jpg, .png, …). Add or convert some, or remove the folder.',
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
    readPictureHeader(join(root, files[index]!.file)),
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

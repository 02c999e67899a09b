import { join } from 'node:path';
import { UsageError } from '../../core/errors.js';
import type { Normalization } from '../../core/image-shape.js';
import { dataFolders, type LoadOptions } from '../catalog/data-folders.js';
import type { PictureFit } from '../decoding/geometry.js';
import { holdOut } from './hold-out.js';
import { defaultTestFraction } from './image-folder.js';
import {
  type ImageNetClass,
  type ImageNetSubsetName,
  imageNetNormalization,
  imageNetSubsetClasses,
  type SubsetDefinition,
} from './imagenet-classes.js';
import { type LabelledFile, type PicturePair, pictureFiles } from './picture-files.js';
import { isFolder, listPictures, type SkippedFile } from './scan.js';

export interface ImageNetSubsetOptions extends LoadOptions {
  /** Height and width of every decoded picture. Default: 128, as in the paper. */
  readonly size?: number;
  /** Default: `crop`. */
  readonly fit?: PictureFit;
  /** Default: `mtt`. */
  readonly definition?: SubsetDefinition;
  /** The share of every class that is held out where there is no `val` folder, in (0, 1). Default: 0.2. */
  readonly testFraction?: number;
  /** Told of every file that is left out because it is no picture. */
  readonly onSkipped?: (file: SkippedFile) => void;
}

/** A set of pictures with a normalisation that is customary for it. */
export interface NormalizedPicturePair extends PicturePair {
  readonly normalization: Normalization;
}

/** What the publishers' archives unpack to, below a place for data. */
const archiveFolders: Readonly<Record<string, readonly string[]>> = {
  imagenette: ['imagenette2', 'imagenette2-320', 'imagenette2-160'],
  imagewoof: ['imagewoof2', 'imagewoof2-320', 'imagewoof2-160'],
};
const competitionFolder = join('ILSVRC', 'Data', 'CLS-LOC');

/**
 * Ten classes of ImageNet (ILSVRC 2012), taken from a folder `<root>/train/<wnid>/…` and `<root>/val/<wnid>/…`, where
 * a wnid is a WordNet id such as n01440764; other classes may lie beside them. The validation pictures are the test
 * part. From a flat folder `<root>/<wnid>/…` some pictures of every class are held out instead. Without a root it looks in
 * the places for data of the subset's name, then of `imagenet`.
 *
 * @throws UsageError if the classes' folders are not found, one is missing in a part, or one is empty.
 */
export async function openImageNetSubset(
  name: ImageNetSubsetName,
  options: ImageNetSubsetOptions = {},
): Promise<NormalizedPicturePair> {
  const { size = 128, fit = 'crop', definition = 'mtt', onSkipped } = options;
  const classes = imageNetSubsetClasses(name, definition);
  const root = await findRoot(name, classes, options.root);
  const { train, test } = (await isFolder(join(root, 'train')))
    ? {
        train: await readPart(root, 'train', classes, onSkipped),
        test: await readPart(root, 'val', classes, onSkipped),
      }
    : holdOut(
        await readPart(root, '', classes, onSkipped),
        classes.map((found) => found.name),
        { fraction: options.testFraction ?? defaultTestFraction, place: root },
      );
  const shape = { channels: 3, height: size, width: size };
  const common = { name, root, classNames: classes.map((found) => found.name), shape, fit };
  return {
    train: await pictureFiles({ ...common, split: 'train', files: train }),
    test: await pictureFiles({ ...common, split: 'test', files: test }),
    normalization: imageNetNormalization,
  };
}

/** The first place where any of the classes has a folder. */
async function findRoot(
  name: ImageNetSubsetName,
  classes: readonly ImageNetClass[],
  root: string | undefined,
): Promise<string> {
  const inside = [...(archiveFolders[name] ?? []), competitionFolder];
  const own = dataFolders(name, { root, inside });
  const places = [...new Set([...own, ...dataFolders('imagenet', { root, inside })])];
  for (const place of places) {
    for (const { wnid } of classes) {
      if (await isFolder(join(place, 'train', wnid))) return place;
      if (await isFolder(join(place, wnid))) return place;
    }
  }
  throw new UsageError(
    `${name}: its classes were not found: no folder named ${classes[0]!.wnid} (${classes[0]!.name}) or like its ` +
      `other classes, in ${places.join(', ')}, or in train/ there; ImageNet's licence does not allow passing it on: ` +
      'get it from https://image-net.org, unpack it to train/<wnid>/ and val/<wnid>/, and name its folder as the root',
  );
}

async function readPart(
  root: string,
  part: string,
  classes: readonly ImageNetClass[],
  onSkipped: ((file: SkippedFile) => void) | undefined,
): Promise<LabelledFile[]> {
  const files: LabelledFile[] = [];
  for (const [label, { wnid, name }] of classes.entries()) {
    const below = part === '' ? wnid : `${part}/${wnid}`;
    const path = join(root, below);
    if (!(await isFolder(path))) throw missingClass(path, name, part);
    const pictures = await listPictures(path, onSkipped);
    if (pictures.length === 0) {
      throw new UsageError(
        `${path}: there are no pictures of class '${name}'; unpack the data again`,
      );
    }
    for (const picture of pictures) files.push({ file: `${below}/${picture}`, label });
  }
  return files;
}

function missingClass(path: string, name: string, part: string): UsageError {
  const mend =
    part === 'val'
      ? "ImageNet's validation pictures come in one folder: move them into one folder per class, named by its WordNet id"
      : 'unpack the data again';
  return new UsageError(`${path}: the folder of class '${name}' is missing; ${mend}`);
}

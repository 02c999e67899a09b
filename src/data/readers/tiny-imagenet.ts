import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../core/errors.js';
import { dataFolders, type LoadOptions, notFound } from '../catalog/data-folders.js';
import { readWholeFile } from '../formats/read-file.js';
import { imageNetNormalization } from './imagenet-classes.js';
import type { NormalizedPicturePair } from './imagenet-subset.js';
import { type LabelledFile, pictureFiles } from './picture-files.js';
import { byCodePoint, isFolder, listPictures } from './scan.js';

const datasetName = 'tiny-imagenet';
const archiveFolder = 'tiny-imagenet-200';
const remedy = `unpack ${archiveFolder}.zip again`;
const side = 64;

/** The lists are text of a few hundred kilobytes; more is not one of them. */
const largestList = 64 * 2 ** 20;

/**
 * Tiny ImageNet: 100,000 + 10,000 pictures of 64×64 in 200 classes (Stanford CS231N). The layout is that of
 * `tiny-imagenet-200.zip`: `wnids.txt`, `words.txt`, `train/<wnid>/images/*.JPEG`, and `val/images` with
 * `val/val_annotations.txt`. The validation part is the test part, because the set's own `test` folder has no labels.
 * Classes are numbered in the order of their WordNet ids, as by torchvision's ImageFolder, not in that of `wnids.txt`.
 *
 * @throws UsageError if a file or folder is missing, a list is damaged (naming the line), a picture has no
 *   annotation or the reverse, or the classes have unequal numbers of pictures, which means that some are missing.
 */
export async function openTinyImageNet(options: LoadOptions = {}): Promise<NormalizedPicturePair> {
  const root = await findRoot(options.root);
  const wnids = await readIds(join(root, 'wnids.txt'));
  const classNames = await readNames(join(root, 'words.txt'), wnids);
  const shape = { channels: 3, height: side, width: side };
  const common = { name: datasetName, root, classNames, shape };
  const train = await readTrain(root, wnids);
  const test = await readValidation(root, wnids);
  return {
    train: await pictureFiles({ ...common, split: 'train', files: train }),
    test: await pictureFiles({ ...common, split: 'test', files: test }),
    normalization: imageNetNormalization,
  };
}

async function findRoot(root: string | undefined): Promise<string> {
  const places = dataFolders(datasetName, { root, inside: [archiveFolder] });
  for (const place of places) {
    if (await stat(join(place, 'wnids.txt')).catch(() => undefined)) return place;
  }
  throw notFound(
    datasetName,
    places,
    `get them with: ncfm data get ${datasetName}, or unpack ${archiveFolder}.zip of ` +
      'http://cs231n.stanford.edu/tiny-imagenet-200.zip, and name its folder as the root',
  );
}

/** Lines without their ends; the last may be empty and is then left out. */
async function readLines(path: string): Promise<string[]> {
  const file = await readWholeFile(path, { what: 'list', most: largestList, remedy });
  const lines = file.toString('utf8').split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

async function readIds(path: string): Promise<string[]> {
  const wnids = new Set<string>();
  for (const [row, line] of (await readLines(path)).entries()) {
    if (!/^n\d{8}$/.test(line))
      throw damagedLine(path, row, line, 'a WordNet id such as n01443537');
    if (wnids.has(line)) throw damagedLine(path, row, line, 'an id that was not listed before');
    wnids.add(line);
  }
  if (wnids.size >= 2) return [...wnids].sort(byCodePoint);
  throw new UsageError(`${path}: the list has ${wnids.size} classes; expected 200; ${remedy}`);
}

/** The first of each class's names; the id is added where two classes share one. */
async function readNames(path: string, wnids: readonly string[]): Promise<string[]> {
  const wanted = new Set(wnids);
  const names = new Map<string, string>();
  for (const [row, line] of (await readLines(path)).entries()) {
    const [wnid, words] = line.split('\t') as [string, string?];
    const first = words?.split(',')[0]?.trim();
    if (!first) throw damagedLine(path, row, line, 'a WordNet id, a tab and names');
    if (wanted.has(wnid)) names.set(wnid, first);
  }
  const missing = wnids.find((wnid) => !names.has(wnid));
  if (missing !== undefined) {
    throw new UsageError(`${path}: class ${missing} of wnids.txt is not in this list; ${remedy}`);
  }
  const chosen = wnids.map((wnid) => names.get(wnid)!);
  return chosen.map((name, label) =>
    chosen.indexOf(name) === chosen.lastIndexOf(name) ? name : `${name} (${wnids[label]})`,
  );
}

async function readTrain(root: string, wnids: readonly string[]): Promise<LabelledFile[]> {
  const files: LabelledFile[] = [];
  for (const [label, wnid] of wnids.entries()) {
    const below = `train/${wnid}/images`;
    if (!(await isFolder(join(root, below)))) {
      throw new UsageError(`${join(root, below)}: the folder of a class is missing; ${remedy}`);
    }
    for (const picture of await listPictures(join(root, below))) {
      files.push({ file: `${below}/${picture}`, label });
    }
  }
  checkEqualCounts(join(root, 'train'), files, wnids);
  return files;
}

async function readValidation(root: string, wnids: readonly string[]): Promise<LabelledFile[]> {
  const path = join(root, 'val', 'val_annotations.txt');
  const labels = new Map(wnids.map((wnid, label) => [wnid, label]));
  const annotated = new Map<string, number>();
  for (const [row, line] of (await readLines(path)).entries()) {
    const [picture = '', wnid = ''] = line.split('\t');
    const label = labels.get(wnid);
    // A name with a separator in it could lead out of the folder.
    if (!/^[\w-]+\.JPEG$/.test(picture) || label === undefined) {
      throw damagedLine(path, row, line, "a picture's name, a tab and a WordNet id of wnids.txt");
    }
    if (annotated.has(picture)) throw damagedLine(path, row, line, 'a picture not listed before');
    annotated.set(picture, label);
  }
  const folder = join(root, 'val', 'images');
  const present = await listPictures(folder);
  const unlisted = present.find((picture) => !annotated.has(picture));
  if (unlisted !== undefined) {
    throw new UsageError(`${join(folder, unlisted)}: the picture is not in ${path}; ${remedy}`);
  }
  if (present.length < annotated.size) {
    const found = new Set(present);
    const missing = [...annotated.keys()].find((picture) => !found.has(picture))!;
    throw new UsageError(`${join(folder, missing)}: the picture of ${path} is missing; ${remedy}`);
  }
  const files = present.map((picture) => ({
    file: `val/images/${picture}`,
    label: annotated.get(picture)!,
  }));
  checkEqualCounts(folder, files, wnids);
  return files;
}

/** Every class of Tiny ImageNet has as many pictures as the others; a half-unpacked archive does not show otherwise. */
function checkEqualCounts(
  path: string,
  files: readonly LabelledFile[],
  wnids: readonly string[],
): void {
  const counts = new Int32Array(wnids.length);
  for (const { label } of files) counts[label]!++;
  const most = counts.reduce((so, count) => Math.max(so, count), 0);
  const label = counts.findIndex((count) => count === 0 || count < most);
  if (label === -1) return;
  throw new UsageError(
    `${path}: class ${wnids[label]} has ${counts[label]} pictures, others have ${most}; expected as many of each; ${remedy}`,
  );
}

function damagedLine(path: string, row: number, line: string, expected: string): UsageError {
  const shown = JSON.stringify(line.slice(0, 80));
  return new UsageError(`${path}: line ${row + 1} is ${shown}; expected ${expected}; ${remedy}`);
}

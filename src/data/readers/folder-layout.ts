import { join, relative, sep } from 'node:path';
import { UsageError } from '../../core/errors.js';
import { hasPictureName } from '../decoding/format.js';
import { type PartKind, partKind } from './part-names.js';
import { listFolder, type SkippedFile, systemFileReason } from './scan.js';

/** What a folder of pictures is divided into. Paths of parts are relative to the root; '' is the root itself. */
export interface FolderLayout {
  /** Where the classes or the parts are: the folder itself, or one below folders that hold nothing else. */
  readonly root: string;
  readonly train: string;
  /** Absent where pictures are to be held out. */
  readonly test?: string;
  /** Whether the test part is called a validation part. */
  readonly testIsValidation: boolean;
  /** Validation parts beside a test part: used for neither training nor testing. */
  readonly unused: readonly string[];
  /** Folders beside the parts that are none of them, or hold no classes. */
  readonly ignored: readonly string[];
}

/** How many folders that hold but one other are gone into. */
const deepest = 16;

/** What the names of parts have to be, for errors. */
const namingAdvice =
  "name the part to train on 'train', the one to measure on 'test', and one to leave out of both 'val'";

/**
 * Finds where a folder's classes are, and which parts it is divided into. Parts are told by the usual names, in
 * whatever case. A test part wins over a validation part, which is then used for nothing; alone, a validation part is the
 * test part.
 *
 * @param onSkipped told of everything that is left out on the way.
 * @throws UsageError if a folder can't be read, or two folders could be the same part.
 */
export async function findLayout(
  path: string,
  onSkipped: (file: SkippedFile) => void = () => {},
): Promise<FolderLayout> {
  const root = await descend(path);
  const { folders } = await listFolder(root);
  const parts: Record<PartKind, string[]> = { train: [], test: [], validation: [] };
  for (const folder of folders) {
    const kind = partKind(folder);
    if (kind !== undefined && (await holdsClasses(join(root, folder)))) parts[kind].push(folder);
  }
  await reportAround(path, root, onSkipped);
  if (parts.train.length === 0) {
    return { root, train: '', testIsValidation: false, unused: [], ignored: [] };
  }
  await reportLoose(root, onSkipped);
  const below = async (folder: string): Promise<string> => {
    const inside = await descend(join(root, folder));
    await reportAround(join(root, folder), inside, onSkipped);
    return relative(root, inside);
  };
  const tested = parts.test.length > 0 ? parts.test : parts.validation;
  const train = only(root, parts.train);
  const test = tested.length === 0 ? undefined : only(root, tested);
  const unused = parts.validation.filter((folder) => folder !== test);
  const taken = new Set([train, test, ...unused]);
  return {
    root,
    train: await below(train),
    ...(test !== undefined && { test: await below(test) }),
    testIsValidation: test !== undefined && tested === parts.validation,
    unused,
    ignored: folders.filter((folder) => !taken.has(folder)),
  };
}

function only(root: string, folders: readonly string[]): string {
  const [first, second] = folders;
  if (second === undefined) return first!;
  throw new UsageError(
    `${root}: both '${first}' and '${second}' could be the same part; expected one of them; ` +
      'rename or move the other',
  );
}

/** Goes through folders that hold but one other, to where there are several or parts; else stays. */
async function descend(path: string): Promise<string> {
  let current = path;
  for (let depth = 0; depth < deepest; depth++) {
    const { folders } = await listFolder(current);
    const [single, another] = folders;
    if (single === undefined) return path;
    if (another !== undefined) return current;
    const inside = join(current, single);
    if (partKind(single) === 'train' && (await holdsClasses(inside))) return current;
    current = inside;
  }
  return path;
}

/** A folder `train` that holds pictures itself is a class (of vehicles, say), not a part. */
async function holdsClasses(path: string): Promise<boolean> {
  return (await listFolder(path)).folders.length > 0;
}

/** Tells of what lies beside the folders that lead from one to another below it. */
async function reportAround(
  from: string,
  to: string,
  onSkipped: (file: SkippedFile) => void,
): Promise<void> {
  let current = from;
  for (const step of relative(from, to).split(sep).filter(Boolean)) {
    await reportLoose(current, onSkipped);
    current = join(current, step);
  }
}

/** Tells of the files in a folder of folders, and of what is ignored there. */
export async function reportLoose(
  path: string,
  onSkipped: (file: SkippedFile) => void = () => {},
): Promise<void> {
  const { files, ignored } = await listFolder(path);
  for (const name of files) {
    onSkipped({ path: join(path, name), reason: 'it lies outside the class folders' });
  }
  for (const name of ignored) onSkipped({ path: join(path, name), reason: systemFileReason });
}

/**
 * Refuses folders that are parts rather than classes, under names that are not known: each has no picture itself, and all
 * have at least two folders of the same names.
 *
 * @throws UsageError naming them.
 */
export async function checkAreClasses(path: string, folders: readonly string[]): Promise<void> {
  let common: readonly string[] | undefined;
  for (const folder of folders) {
    const inside = await listFolder(join(path, folder));
    if (inside.files.some(hasPictureName)) return;
    common = inside.folders.filter((name) => common?.includes(name) ?? true);
    if (common.length < 2) return;
  }
  const shown = (names: readonly string[]) =>
    `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`;
  throw new UsageError(
    `${path}: its folders (${shown(folders)}) hold no pictures of their own, but all hold the same folders ` +
      `(${shown(common!)}): they look like parts of a dataset, not like classes; ${namingAdvice}; if they are classes, put ` +
      'the pictures directly into them',
  );
}

import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../core/errors.js';
import { hasPictureName } from '../decoding/format.js';
import { isSystemName } from './system-files.js';

export interface SkippedFile {
  readonly path: string;
  readonly reason: string;
}

/** The reason of what is hidden, or not the user's own; see `isSystemName`. */
export const systemFileReason = 'hidden, or left by a system or program';

/** What a folder holds; links count as what they point to. Sorted by name. */
export interface FolderContent {
  readonly folders: readonly string[];
  readonly files: readonly string[];
  /** Links that point nowhere, and what is neither file nor folder. */
  readonly others: readonly string[];
  /** What `isSystemName` tells of, which is in none of the other lists. */
  readonly ignored: readonly string[];
}

/**
 * Lists a folder.
 *
 * @throws UsageError if it does not exist, is no folder or can't be read.
 */
export async function listFolder(path: string): Promise<FolderContent> {
  const content = {
    folders: [] as string[],
    files: [] as string[],
    others: [] as string[],
    ignored: [] as string[],
  };
  for (const entry of await readEntries(path)) {
    if (isSystemName(entry.name)) {
      content.ignored.push(entry.name);
      continue;
    }
    const kind = entry.isSymbolicLink()
      ? await stat(join(path, entry.name)).catch(() => entry)
      : entry;
    if (kind.isDirectory()) content.folders.push(entry.name);
    else if (kind.isFile()) content.files.push(entry.name);
    else content.others.push(entry.name);
  }
  for (const names of Object.values(content)) names.sort(byCodePoint);
  return content;
}

/**
 * The pictures in a folder and the folders below it, as torchvision's ImageFolder finds them: by their names'
 * endings. Links are followed, but no folder is entered twice, and what `isSystemName` tells of is left out.
 *
 * @param onSkipped told of everything that is left out.
 * @returns paths relative to the folder, with `/`, sorted.
 * @throws UsageError if a folder can't be read.
 */
export async function listPictures(
  folder: string,
  onSkipped: (file: SkippedFile) => void = () => {},
): Promise<string[]> {
  const pictures: string[] = [];
  const entered = new Set<string>();
  const enter = async (below: string): Promise<void> => {
    const path = join(folder, below);
    const real = await realpath(path).catch(() => path);
    if (entered.has(real)) {
      onSkipped({ path, reason: 'the folder was read already, by another name' });
      return;
    }
    entered.add(real);
    const { folders, files, others, ignored } = await listFolder(path);
    for (const name of files) {
      if (hasPictureName(name)) pictures.push(`${below}${name}`);
      else onSkipped({ path: join(path, name), reason: 'its name is not that of a picture' });
    }
    for (const name of others) {
      onSkipped({ path: join(path, name), reason: 'it is no file, or a link to nothing' });
    }
    for (const name of ignored) onSkipped({ path: join(path, name), reason: systemFileReason });
    for (const name of folders) await enter(`${below}${name}/`);
  };
  await enter('');
  return pictures.sort(byCodePoint);
}

/** Python's order of strings, and so that of torchvision's classes. */
export function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

async function readEntries(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT') {
      throw new UsageError(`${path}: there is no such folder; check the path`, { cause });
    }
    if (code === 'ENOTDIR') {
      throw new UsageError(`${path}: this is a file; expected a folder of pictures`, { cause });
    }
    throw new UsageError(`${path}: the folder can't be read (${code}); check its permissions`, {
      cause,
    });
  }
}

/** Whether there is a folder at a path, or a link to one. */
export async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}

import { existsSync } from 'node:fs';
import { mkdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { FailureError, messageOf, UsageError } from '../../core/errors.js';
import { readBytes } from '../formats/read-file.js';
import { unpackTar } from './tar.js';
import { defaultUnpackLimits, Unpacking, type UnpackLimits } from './unpacking.js';
import { unpackZip } from './zip.js';

export interface UnpackOptions {
  /** A .tar, .tar.gz, .tgz or .zip file. Which of them is told by its content. */
  readonly archive: string;
  /** The folder to make. It must not exist; the folder it is in is made if missing. */
  readonly target: string;
  /**
   * The archive's own outermost folder: what is below it goes into the target, and what is beside it is left out. Without, the
   * whole archive goes into the target.
   */
  readonly topFolder?: string;
  /** Default: `defaultUnpackLimits`. */
  readonly limits?: Partial<UnpackLimits>;
  /** Called after every file. */
  readonly onProgress?: (progress: UnpackProgress) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface UnpackProgress {
  readonly archive: string;
  readonly files: number;
  /** Unpacked so far. */
  readonly bytes: number;
}

/**
 * Unpacks an archive into a new folder, which appears under its name only when all of it is there: until then it is
 * `.<name>.unpacking` beside it, which an interrupted call may leave and the next one removes.
 *
 * Only files and folders below the target are made: no links, no devices, no permissions, nothing outside.
 *
 * @returns how many files and bytes were unpacked.
 * @throws UsageError naming the archive (and the entry) if it is not safe, damaged, too large or not an archive, or the target
 *   exists; FailureError if it can't be written; the signal's reason once that is aborted.
 */
export async function unpackArchive(
  options: UnpackOptions,
): Promise<Omit<UnpackProgress, 'archive'>> {
  const { archive, topFolder, onProgress, signal } = options;
  const target = resolve(options.target);
  const folder = join(dirname(target), `.${basename(target)}.unpacking`);
  signal?.throwIfAborted();
  await checkFile(archive);
  const format = await detectFormat(archive);
  if (existsSync(target)) {
    throw new UsageError(`${target}: it is there already; move or delete it to unpack anew`);
  }
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const { bavail, bsize } = await statfs(folder);
    const unpacking = new Unpacking({
      archive,
      folder,
      freeSpace: bavail * bsize,
      topFolder,
      limits: { ...defaultUnpackLimits, ...options.limits },
      onEntry: onProgress && ((files, bytes) => onProgress({ archive, files, bytes })),
      signal,
    });
    await (format === 'zip' ? unpackZip(archive, unpacking) : unpackTar(archive, unpacking));
    const { files, bytes } = unpacking;
    if (files === 0) throw new Error(`there is no file in it${below(topFolder)}`);
    await rename(folder, target);
    return { files, bytes };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    signal?.throwIfAborted();
    throw explain(error, archive, target);
  }
}

async function checkFile(archive: string): Promise<void> {
  const found = await stat(archive).catch((cause: unknown) => {
    throw new UsageError(
      `${archive}: the archive can't be read (${messageOf(cause)}); check the path`,
      { cause },
    );
  });
  if (found.isFile()) return;
  throw new UsageError(`${archive}: it is not a file; expected an archive`);
}

/** A zip file starts with an entry, or, without any, with its end record; whatever is neither is tried as tar. */
async function detectFormat(archive: string): Promise<'zip' | 'tar'> {
  const start = (await readBytes(archive, 0, 4)).readUInt32LE(0);
  return start === 0x04034b50 || start === 0x06054b50 ? 'zip' : 'tar';
}

function explain(error: unknown, archive: string, target: string): unknown {
  if (error instanceof UsageError || error instanceof FailureError) return error;
  const message = messageOf(error);
  if (error instanceof Error && 'syscall' in error) {
    return new FailureError(
      `${target}: ${archive} can't be unpacked there (${message}); check the folder's permissions and free space`,
      { cause: error },
    );
  }
  return new UsageError(
    `${archive}: the archive is damaged or not one (${message}); expected a whole .tar, .tar.gz or .zip file: ` +
      'get it again (nothing was unpacked)',
    { cause: error },
  );
}

function below(topFolder: string | undefined): string {
  return topFolder === undefined ? '' : ` below the folder '${topFolder}'`;
}

import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { FailureError, messageOf } from '../../core/errors.js';
import { makeFolder, writeFileAtomic } from '../../core/files.js';
import type { FileHashes, PictureSource } from '../decoding/picture-source.js';
import { concurrently } from './concurrent.js';
import { fileStem } from './flat-file.js';

/** What is known of a file: as long as its stamp is the same, so is its hash. */
interface Known {
  /** Device, number, size, and times of change of content and of the entry, in nanoseconds. */
  readonly stamp: string;
  readonly hash: string;
  /** It was read so soon after a change that another one might have left the same times. */
  readonly recent: boolean;
}

/** Where hashes are remembered, and of whose files. */
interface Table {
  readonly path: string | undefined;
  readonly owner: string;
  readonly origin: string;
}

export interface FileContentsOptions {
  /** Reads every file, whatever is remembered. */
  readonly fresh?: boolean;
  /** Told now and then how many files have been read. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** First line of what is remembered; other versions are not understood. */
const firstLine = 'ncfm file contents 1';

const digestLength = 32;

const filesAtOnce = 16;

const blockBytes = 2 ** 20;

/** Times of change are no finer than this, in milliseconds, on any usual file system. */
const coarsestClock = 2000;

const toldPerRun = 50;

/**
 * What a source's files hold, by reading them. A hash is remembered for the next time with the place of the file (the real
 * path of the source's origin, and the path below it) and what the file system says of it: device, number, size, time of
 * change of the content, and of the entry (ctime), which cannot be set. A file of another place is never taken for it.
 */
export class FileContents implements FileHashes {
  readonly #used = new Map<string, Known>();
  #changed = false;

  private constructor(
    private readonly table: Table,
    private readonly remembered: ReadonlyMap<string, Known>,
    private readonly options: FileContentsOptions,
  ) {}

  /** @param folder where hashes are remembered; it need not exist. */
  static async open(
    { name, split, origin }: PictureSource,
    folder: string,
    options: FileContentsOptions = {},
  ): Promise<FileContents> {
    if (origin === undefined) {
      return new FileContents({ path: undefined, owner: '', origin: '' }, new Map(), options);
    }
    const place = await realpath(origin).catch(() => origin);
    const owner = JSON.stringify([place, name, split]);
    const key = createHash('sha256').update(owner).digest('hex').slice(0, 16);
    const path = join(folder, `${fileStem({ name, split })}-${key}.contents`);
    const remembered = options.fresh ? new Map<string, Known>() : await readTable(path, owner);
    return new FileContents({ path, owner, origin }, remembered, options);
  }

  async of(paths: readonly string[]): Promise<Uint8Array> {
    const { onProgress, signal } = this.options;
    const hashes = Buffer.alloc(paths.length * digestLength);
    const every = Math.max(1, Math.floor(paths.length / toldPerRun));
    let [done, read] = [0, 0];
    const hashOne = async (index: number): Promise<void> => {
      const { hash, reused } = await this.#hashOf(paths[index]!);
      hashes.write(hash, index * digestLength, 'hex');
      done += 1;
      if (!reused) read += 1;
      if (read > 0 && (done % every === 0 || done === paths.length)) {
        onProgress?.(done, paths.length);
      }
    };
    await concurrently(paths.length, filesAtOnce, hashOne, signal);
    return hashes;
  }

  async #hashOf(path: string): Promise<{ hash: string; reused: boolean }> {
    const key = relative(this.table.origin, path);
    const known = this.#used.get(key) ?? this.remembered.get(key);
    try {
      if (known !== undefined && !known.recent && known.stamp === (await stampOf(path))) {
        this.#used.set(key, known);
        return { hash: known.hash, reused: true };
      }
      const found = await hashUnchanging(path);
      this.#used.set(key, found);
      this.#changed = true;
      return { hash: found.hash, reused: false };
    } catch (cause) {
      if (cause instanceof FailureError) throw cause;
      this.#used.delete(key);
      return { hash: digest(`unreadable: ${messageOf(cause)}`), reused: false };
    }
  }

  /**
   * To be called when the files have been decoded.
   *
   * @throws FailureError naming a file that is another than when it was hashed.
   */
  async requireUnchanged(): Promise<void> {
    const before = [...this.#used];
    const check = async (index: number): Promise<void> => {
      const [key, known] = before[index]!;
      const path = join(this.table.origin, key);
      const found = known.recent ? await hashUnchanging(path).catch(() => undefined) : undefined;
      const stamp = found?.stamp ?? (await stampOf(path).catch(() => undefined));
      if (stamp !== known.stamp || (found !== undefined && found.hash !== known.hash)) {
        throw changedMeanwhile(path);
      }
      if (found !== undefined) this.#used.set(key, found);
    };
    await concurrently(before.length, filesAtOnce, check, this.options.signal);
  }

  save(): void {
    const { path, owner } = this.table;
    if (path === undefined || !this.#changed) return;
    makeFolder(dirname(path));
    const rows = [...this.#used]
      .filter(([, { recent }]) => !recent)
      .map(([key, { stamp, hash }]) => `${hash} ${stamp} ${JSON.stringify(key)}\n`);
    const text = `${firstLine}\n${owner}\n${rows.join('')}`;
    writeFileAtomic(path, `${text}${digest(text)}\n`);
    this.#changed = false;
  }
}

/** Nothing, if it is not there, not ours or not whole: then the files are read. */
async function readTable(path: string, owner: string): Promise<ReadonlyMap<string, Known>> {
  const table = new Map<string, Known>();
  const text = await readFile(path, 'utf8').catch(() => '');
  const end = text.length - 65;
  if (!text.startsWith(`${firstLine}\n${owner}\n`)) return table;
  if (text.slice(end) !== `${digest(text.slice(0, end))}\n`) return table;
  for (const row of text.slice(firstLine.length + owner.length + 2, end).split('\n')) {
    const [, hash, stamp, key] = /^(\S+) (\d+ \d+ \d+ \d+ \d+) (".*")$/.exec(row) ?? [];
    if (hash === undefined || stamp === undefined || key === undefined) continue;
    table.set(JSON.parse(key) as string, { hash, stamp, recent: false });
  }
  return table;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function stampOf(file: string | FileHandle): Promise<string> {
  const status =
    typeof file === 'string'
      ? await stat(file, { bigint: true })
      : await file.stat({ bigint: true });
  if (!status.isFile()) throw new Error('it is no regular file');
  const { dev, ino, size, mtimeNs, ctimeNs } = status;
  return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

/** Hashes a file that is not written meanwhile. */
async function hashUnchanging(path: string): Promise<Known> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const file = await open(path);
    try {
      const stamp = await stampOf(file);
      const hash = await hashFile(file);
      if (stamp !== (await stampOf(file))) continue;
      const changed = Number(stamp.slice(stamp.lastIndexOf(' '))) / 1e6;
      return { stamp, hash, recent: changed > Date.now() - coarsestClock };
    } finally {
      await file.close();
    }
  }
  throw changedMeanwhile(path);
}

async function hashFile(file: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const { size } = await file.stat();
  const block = Buffer.allocUnsafe(Math.min(blockBytes, size + 1));
  for (let read = 0; read < size; ) {
    const { bytesRead } = await file.read(block, 0, block.length, null);
    if (bytesRead === 0) break;
    hash.update(block.subarray(0, bytesRead));
    read += bytesRead;
  }
  return hash.digest('hex');
}

function changedMeanwhile(path: string): FailureError {
  return new FailureError(
    `${path}: it changes while it is read; wait until the data is complete, and run the command again`,
  );
}

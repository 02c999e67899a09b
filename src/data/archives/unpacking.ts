import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FailureError, UsageError } from '../../core/errors.js';
import { problemOfPath } from './entry-path.js';

/** How much an archive may unpack to, so that a small one can't fill the disk. */
export interface UnpackLimits {
  /** Of all files together. */
  readonly bytes: number;
  /** Files and folders. */
  readonly entries: number;
  /** The share of the free space of the target's file system that they may fill, in (0, 1]. */
  readonly spaceShare: number;
}

/** Room for every dataset of the catalog, and for a whole ImageNet. */
export const defaultUnpackLimits: UnpackLimits = {
  bytes: 512 * 2 ** 30,
  entries: 3_000_000,
  spaceShare: 0.9,
};

export type EntryKind = 'file' | 'folder' | 'link' | 'special' | 'encrypted';

const refusals: Readonly<Partial<Record<EntryKind, string>>> = {
  link: 'it is a link; only files and folders are unpacked',
  special: 'it is a device or a pipe; only files and folders are unpacked',
  encrypted: 'it is encrypted',
};

export interface ArchiveEntry {
  readonly name: string;
  readonly kind: EntryKind;
  /** Unpacked, in bytes, as the archive claims. */
  readonly size: number;
  /** Called once, and only for a file that is kept. */
  readonly content: () => AsyncIterable<Uint8Array>;
}

export interface UnpackingOptions {
  /** Path of the archive, for errors. */
  readonly archive: string;
  /** Of the target's file system when the unpacking began, in bytes. */
  readonly freeSpace: number;
  /** An existing empty folder that nothing else writes to. */
  readonly folder: string;
  /** Only what is below this folder of the archive is kept, without the folder itself. */
  readonly topFolder: string | undefined;
  readonly limits: UnpackLimits;
  readonly onEntry: ((files: number, bytes: number) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Writes the entries of one archive, whatever its format, below a folder, and refuses what is not safe. */
export class Unpacking {
  readonly #options: UnpackingOptions;
  readonly #folders = new Set<string>();
  #entries = 0;
  /** Written so far. */
  files = 0;
  bytes = 0;

  constructor(options: UnpackingOptions) {
    this.#options = options;
  }

  /**
   * @throws UsageError naming the archive and the entry if that is not safe, too large or damaged; FailureError if the
   *   disk has no room for it.
   */
  async add(entry: ArchiveEntry): Promise<void> {
    const { limits, signal, onEntry } = this.#options;
    signal?.throwIfAborted();
    this.#entries += 1;
    if (this.#entries > limits.entries) {
      throw this.error(entry.name, `it is one more than the ${limits.entries} entries allowed`);
    }
    const segments = this.#place(entry);
    if (segments === undefined || segments.length === 0) return;
    if (entry.kind === 'folder') {
      this.#makeFolder(segments, entry.name);
      return;
    }
    this.#allow(entry.name, entry.size);
    this.#makeFolder(segments.slice(0, -1), entry.name);
    await this.#write(join(this.#options.folder, ...segments), entry);
    this.files += 1;
    onEntry?.(this.files, this.bytes);
  }

  error(entry: string, problem: string, cause?: unknown): UsageError {
    return new UsageError(
      `${this.#options.archive}: entry ${JSON.stringify(entry)}: ${problem}; ` +
        "get the archive again, from its publisher's own address (nothing was unpacked)",
      cause === undefined ? {} : { cause },
    );
  }

  /** The entry's path below the target; nothing if it is beside the top folder, and so left out. */
  #place({ name, kind }: ArchiveEntry): readonly string[] | undefined {
    const problem = problemOfPath(name) ?? refusals[kind];
    if (problem !== undefined) throw this.error(name, problem);
    const segments = name.split('/').filter((part) => part !== '' && part !== '.');
    const { topFolder } = this.#options;
    if (topFolder === undefined) return segments;
    return segments[0] === topFolder ? segments.slice(1) : undefined;
  }

  #makeFolder(segments: readonly string[], name: string): void {
    const path = join(this.#options.folder, ...segments);
    if (this.#folders.has(path)) return;
    try {
      mkdirSync(path, { recursive: true });
    } catch (error) {
      throw this.#explain(error, name);
    }
    this.#folders.add(path);
  }

  // Datasets are many small files: done synchronously, one takes a third of the time.
  async #write(path: string, entry: ArchiveEntry): Promise<void> {
    const file = this.#create(path, entry.name);
    try {
      let size = 0;
      for await (const chunk of entry.content()) {
        this.#options.signal?.throwIfAborted();
        this.#allow(entry.name, chunk.length);
        writeFileSync(file, chunk);
        size += chunk.length;
        this.bytes += chunk.length;
      }
      if (size !== entry.size) {
        throw this.error(entry.name, `it has ${size} bytes; the archive announced ${entry.size}`);
      }
    } finally {
      closeSync(file);
    }
  }

  #create(path: string, name: string): number {
    try {
      // 'wx' also refuses two entries of one name, which on some systems may differ in their letters' case.
      return openSync(path, 'wx');
    } catch (error) {
      throw this.#explain(error, name);
    }
  }

  /** @throws UsageError if this many bytes more are too many, FailureError if the disk has no room for them. */
  #allow(name: string, more: number): void {
    const { archive, folder, limits, freeSpace } = this.#options;
    const total = this.bytes + more;
    if (!(total <= limits.bytes)) {
      throw this.error(name, `with it, the files have more than the ${limits.bytes} bytes allowed`);
    }
    if (total > limits.spaceShare * freeSpace) {
      throw new FailureError(
        `${archive}: entry ${JSON.stringify(name)}: with it, the files have ${total} bytes, too many for the ` +
          `${freeSpace} that are free at ${dirname(folder)}; free some space (nothing was unpacked)`,
      );
    }
  }

  #explain(error: unknown, name: string): unknown {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST' || code === 'EISDIR') {
      return this.error(name, 'an earlier entry has its place', error);
    }
    if (code === 'ENOTDIR') return this.error(name, 'an earlier file is where its folder would be');
    return error;
  }
}

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from './files.js';
import { fingerprint } from './fingerprint.js';
import { type Holder, Lock } from './lock.js';

/** A result that is worth keeping: a value, files, or both. */
export interface Artifact {
  readonly name: string;
  /** Everything that it depends on, as JSON can hold it. */
  readonly identity: unknown;
  /** The files that it consists of, by their paths from the folder; who makes it writes them. */
  readonly files?: readonly string[];
}

export interface MakeOptions {
  /** Told who is making the artifact, when this has to wait for that process, and where the lock is. */
  readonly onWait?: (holder: Holder, path: string) => void;
  /** Told that the artifact is there but damaged, before it is made again. */
  readonly onDamaged?: () => void;
  readonly signal?: AbortSignal | undefined;
}

/** What is written beside an artifact's files once they are whole. */
interface Note {
  readonly formatVersion: 1;
  /** Fingerprint of everything that the artifact depends on. */
  readonly identity: string;
  /** Fingerprint of the value and of the files' content, so that damage is not taken for a result. */
  readonly checksum: string;
  readonly value: unknown;
}

/**
 * Results of the pieces of a long task, each kept in a folder as soon as it is there, so that a task which was stopped,
 * killed or changed does only what is missing. An artifact is found again when everything that it depends on, its
 * identity, is the same; otherwise, and when it is damaged, it counts as not made. Its note is written last: without it
 * nothing of it counts.
 */
export class Artifacts {
  readonly folder: string;

  /** The folder is made when the first artifact is; the one that holds it must be there. */
  constructor(folder: string) {
    this.folder = folder;
  }

  /** An artifact's value, or undefined when it is still to be made; values are those that JSON can hold. */
  read<Value>(artifact: Artifact): Value | undefined {
    const note = this.#note(artifact);
    return note !== undefined && this.#isWhole(artifact, note) ? (note.value as Value) : undefined;
  }

  /** Whether an artifact has been made, without a look into its files. */
  has(artifact: Artifact): boolean {
    return this.#note(artifact) !== undefined && this.#paths(artifact).every(existsSync);
  }

  /** Keeps a value, and the files that have been written, on disk when this returns. Throws FailureError when that fails. */
  write(artifact: Artifact, value: unknown): void {
    makeFolder(this.folder, { parents: false });
    const note: Note = {
      formatVersion: 1,
      identity: fingerprint(artifact.identity),
      checksum: this.#checksum(artifact, value),
      value,
    };
    writeFileAtomic(this.#path(artifact, 'json'), `${JSON.stringify(note)}\n`);
  }

  /**
   * An artifact's value, made and kept unless it was there. Of several processes that want the same one makes it; the
   * others wait, and the next of them makes it should the first be gone.
   */
  async readOrMake<Value>(
    artifact: Artifact,
    make: () => Promise<Value>,
    { onWait, onDamaged, signal }: MakeOptions = {},
  ): Promise<{ readonly value: Value; readonly found: boolean }> {
    const found = this.read<Value>(artifact);
    if (found !== undefined) return { value: found, found: true };
    makeFolder(this.folder, { parents: false });
    const path = this.#path(artifact, 'lock');
    using _lock = await Lock.wait(path, (holder) => onWait?.(holder, path), signal);
    const meanwhile = this.read<Value>(artifact);
    if (meanwhile !== undefined) return { value: meanwhile, found: true };
    if (this.has(artifact)) onDamaged?.();
    const value = await make();
    this.write(artifact, value);
    return { value, found: false };
  }

  /** What is noted of an artifact; undefined when it was never made, or of something else. */
  #note(artifact: Artifact): Partial<Note> | undefined {
    try {
      const note = JSON.parse(readFileSync(this.#path(artifact, 'json'), 'utf8')) as Partial<Note>;
      const same = note.formatVersion === 1 && note.identity === fingerprint(artifact.identity);
      return same ? note : undefined;
    } catch {
      return undefined;
    }
  }

  #isWhole(artifact: Artifact, { checksum, value }: Partial<Note>): boolean {
    try {
      return checksum === this.#checksum(artifact, value);
    } catch {
      // A file is gone.
      return false;
    }
  }

  #checksum(artifact: Artifact, value: unknown): string {
    const files = this.#paths(artifact).map((path) =>
      createHash('sha256').update(readFileSync(path)).digest('hex'),
    );
    return fingerprint([value, files]);
  }

  #paths({ files = [] }: Artifact): string[] {
    return files.map((file) => join(this.folder, file));
  }

  #path({ name }: Artifact, extension: string): string {
    return join(this.folder, `${name.replaceAll(/[^A-Za-z0-9.]+/g, '-')}.${extension}`);
  }
}

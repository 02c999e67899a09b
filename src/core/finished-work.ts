import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from './files.js';
import { fingerprint } from './fingerprint.js';

interface Stored {
  readonly formatVersion: 1;
  /** Fingerprint of everything that the value depends on. */
  readonly identity: string;
  /** Fingerprint of the value, so that a damaged file is not taken for a result. */
  readonly checksum: string;
  readonly value: unknown;
}

/**
 * Results of the pieces of a long task, each kept in a file of its own as soon as it is there, so that a task which was
 * stopped, killed or changed does only what is missing. A piece is found again when everything that it depends on, its
 * identity, is the same; otherwise, and when its file is damaged, it counts as not done.
 */
export class FinishedWork {
  readonly #folder: string;

  /** The folder is made when the first piece is kept; the one that holds it must be there. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The result of a piece, or undefined when it is still to be done; values are those that JSON can hold. */
  read<Value>(name: string, identity: unknown): Value | undefined {
    let stored: Partial<Stored> | null;
    try {
      stored = JSON.parse(readFileSync(this.#path(name), 'utf8')) as Partial<Stored> | null;
    } catch {
      return undefined;
    }
    const sound =
      stored?.formatVersion === 1 &&
      stored.identity === fingerprint(identity) &&
      stored.checksum === fingerprint(stored.value);
    return sound ? (stored?.value as Value) : undefined;
  }

  /** Keeps a result, on disk when this returns. Throws FailureError when that fails. */
  write(name: string, identity: unknown, value: unknown): void {
    makeFolder(this.#folder, { parents: false });
    const checksum = fingerprint(value);
    const stored: Stored = { formatVersion: 1, identity: fingerprint(identity), checksum, value };
    writeFileAtomic(this.#path(name), `${JSON.stringify(stored)}\n`);
  }

  /** The result of a piece, computed and kept unless it was there. */
  async get<Value>(name: string, identity: unknown, work: () => Promise<Value>): Promise<Value> {
    const found = this.read<Value>(name, identity);
    if (found !== undefined) return found;
    const value = await work();
    this.write(name, identity, value);
    return value;
  }

  #path(name: string): string {
    return join(this.#folder, `${name.replaceAll(/[^A-Za-z0-9.]+/g, '-')}.json`);
  }
}

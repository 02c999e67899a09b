import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

/** A published digest of a whole file. */
export interface FileHash {
  readonly algorithm: 'sha256' | 'md5';
  /** Hexadecimal, lower case. */
  readonly digest: string;
}

export interface FileIdentity {
  /** In bytes. */
  readonly size: number;
  /** All of them must agree. Empty where nobody publishes one: then only the size can be checked. */
  readonly hashes: readonly FileHash[];
}

/**
 * Reads a whole file and compares it with what it must be.
 *
 * @returns what is wrong with it, as a phrase (`it has 5 bytes; expected 6`), or nothing if it is right.
 * @throws the file system's error if it can't be read, and the signal's reason once that is aborted.
 */
export async function findMismatch(
  path: string,
  { size, hashes }: FileIdentity,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const found = await stat(path);
  if (!found.isFile()) return 'it is not a file';
  if (found.size !== size) return `it has ${found.size} bytes; expected ${size}`;
  if (hashes.length === 0) return undefined;
  const digests = await digestFile(path, hashes, signal);
  const wrong = hashes.findIndex(({ digest }, index) => digest !== digests[index]);
  if (wrong === -1) return undefined;
  const { algorithm, digest } = hashes[wrong]!;
  return `its ${algorithm} is ${digests[wrong]}; expected ${digest}`;
}

/** `1024 bytes, sha256 0123…`: what a user needs to check a file by hand. */
export function describeIdentity({ size, hashes }: FileIdentity): string {
  const digests = hashes.map(({ algorithm, digest }) => `${algorithm} ${digest}`);
  return [`${size} bytes`, ...(digests.length > 0 ? digests : ['no published hash'])].join(', ');
}

async function digestFile(
  path: string,
  hashes: readonly FileHash[],
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const running = hashes.map(({ algorithm }) => createHash(algorithm));
  const chunks: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: 2 ** 20 });
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    for (const hash of running) hash.update(chunk);
  }
  return running.map((hash) => hash.digest('hex'));
}

import { statSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { FailureError, UsageError } from '../../core/errors.js';
import { describeIdentity, type FileIdentity, findMismatch } from './integrity.js';
import { transfer } from './transfer.js';
import { TransferError } from './transfer-error.js';

export interface DownloadProgress {
  /** The file that it is for. */
  readonly path: string;
  /** Bytes there, of `total`. Goes back if a server makes the download start over. */
  readonly done: number;
  readonly total: number;
  /** Where the bytes come from. */
  readonly url: string;
}

export interface DownloadOptions extends FileIdentity {
  /** Addresses of the same file, the preferred one first. */
  readonly urls: readonly string[];
  /** The file to make. Its folder is made too. */
  readonly path: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly signal?: AbortSignal | undefined;
  /** Further tries per address after one that failed. A try that brought a MiB or more does not count. Default 4. */
  readonly retries?: number | undefined;
  /** Milliseconds without a byte after which a server counts as hanging. Default 30,000. */
  readonly idleTimeout?: number | undefined;
  /** Waits before another try: 1, 2, 4… seconds up to 30, or what the server asks for, up to 60. For tests to shorten. */
  readonly wait?:
    | ((milliseconds: number, signal: AbortSignal | undefined) => Promise<unknown>)
    | undefined;
}

/** `present`: the file was there already, and is right. */
export type DownloadOutcome = 'downloaded' | 'present';

const worthwhileBytes = 2 ** 20;

/** No address gave the file. */
export interface DownloadFailure {
  readonly path: string;
  /** Bytes that the next try goes on from. */
  readonly kept: number;
  /** Why not, one line per address. */
  readonly reasons: readonly string[];
}

/**
 * Downloads a file. It appears under its name only when it is whole and verified; until then its bytes are in
 * `<path>.part`, where the next call goes on after an interruption. Addresses are tried in order, each again with
 * growing pauses while its trouble looks temporary.
 *
 * @returns why not, if no address gave the file.
 * @throws UsageError if another file is at that path; FailureError if it can't be written; the signal's reason once that
 *   is aborted.
 */
export async function downloadFile(
  options: DownloadOptions,
): Promise<DownloadOutcome | DownloadFailure> {
  const path = resolve(options.path);
  options.signal?.throwIfAborted();
  try {
    if (await isPresent(path, options)) return 'present';
    await mkdir(dirname(path), { recursive: true });
    const reasons: string[] = [];
    for (const url of options.urls) {
      const reason = await tryAddress(url, { ...options, path });
      if (reason === undefined) return 'downloaded';
      reasons.push(`${url}: ${reason}`);
    }
    return { path, kept: sizeOf(`${path}.part`) ?? 0, reasons };
  } catch (error) {
    throw explainFileError(error, path);
  }
}

/** A file that the user can get in another way. */
export type WantedFile = Pick<DownloadOptions, 'path' | 'urls' | 'size' | 'hashes'>;

/**
 * What to tell about a download that failed: why, and how to do without it.
 *
 * @param wanted every file that is still missing, with its place.
 */
export function adviseByHand(failure: DownloadFailure, wanted: readonly WantedFile[]): string {
  const { path, kept, reasons } = failure;
  const rest = kept === 0 ? '' : ` (${kept} bytes are kept; another run goes on from there)`;
  const files = wanted.flatMap((file) => [
    ...file.urls.map((url) => `  from   ${url}`),
    `  being  ${describeIdentity(file)}`,
    `  put it at ${resolve(file.path)}`,
  ]);
  const [what, present] =
    wanted.length === 1
      ? ['the file', 'a file that is there is']
      : [`these ${wanted.length} files`, 'files that are there are'];
  return [
    `${basename(path)} could not be downloaded${rest}:`,
    ...reasons.map((reason) => `  ${reason}`),
    `to do without a connection, get ${what} on another machine:`,
    ...files,
    `and run the same command again: ${present} verified and used`,
  ].join('\n');
}

async function isPresent(path: string, options: DownloadOptions): Promise<boolean> {
  if (sizeOf(path) === undefined) return false;
  const mismatch = await findMismatch(path, options, options.signal);
  if (mismatch === undefined) return true;
  throw new UsageError(
    `${path}: the file is not the one to download: ${mismatch}; move or delete it, then run the same again`,
  );
}

/** @returns why the address did not give the file, or nothing if it did. */
async function tryAddress(url: string, options: DownloadOptions): Promise<string | undefined> {
  const { path, retries = 4, wait = defaultWait, signal } = options;
  for (let failed = 0; ; ) {
    const before = sizeOf(`${path}.part`) ?? 0;
    try {
      await tryOnce(url, options);
      return undefined;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TransferError)) throw error;
      const gained = (sizeOf(`${path}.part`) ?? 0) - before;
      failed = gained >= worthwhileBytes ? 1 : failed + 1;
      if (!error.advice.again) return error.message;
      if (failed > retries) return describeTries(error.message, retries + 1);
      const seconds = error.advice.waitSeconds ?? 2 ** (failed - 1);
      await wait(
        1000 * Math.min(seconds, error.advice.waitSeconds === undefined ? 30 : 60),
        signal,
      );
    }
  }
}

async function tryOnce(url: string, options: DownloadOptions): Promise<void> {
  const { path, size, hashes, onProgress, signal, idleTimeout = 30_000 } = options;
  const part = `${path}.part`;
  const present = sizeOf(part) ?? 0;
  // Pieces of two tries are one file only if its hash says so.
  const kept = present > size || hashes.length === 0 ? 0 : present;
  if (kept === 0) await rm(part, { force: true });
  const onBytes = (done: number): void => onProgress?.({ path, done, total: size, url });
  onBytes(kept);
  try {
    if (kept < size) await transfer({ url, part, size, onBytes, idleTimeout, signal });
    await accept(part, options, kept > 0);
  } catch (error) {
    const worthless = error instanceof TransferError && error.advice.discard;
    if (worthless || sizeOf(part) === 0) await rm(part, { force: true });
    throw error;
  }
}

/** Gives the finished file its name, if it is the right one. */
async function accept(part: string, options: DownloadOptions, resumed: boolean): Promise<void> {
  const mismatch = await findMismatch(part, options, options.signal);
  if (mismatch === undefined) return rename(part, options.path);
  // What an earlier try left may be to blame: then this address deserves a try from the start.
  const message = `what arrived is not the file: ${mismatch}`;
  throw new TransferError(message, { again: resumed, discard: true });
}

function describeTries(message: string, tries: number): string {
  return tries === 1 ? message : `${message} (after ${tries} tries)`;
}

function explainFileError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return error;
  return new FailureError(
    `${path}: the download can't be written (${error.message}); check the folder's permissions and free space`,
    { cause: error },
  );
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

async function defaultWait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await pause(milliseconds, undefined, { ...(signal && { signal }) });
  } catch {
    signal?.throwIfAborted();
  }
}

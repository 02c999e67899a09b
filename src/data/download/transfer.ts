import { constants, type FileHandle, open } from 'node:fs/promises';
import { writeAt } from '../../core/files.js';
import { requestFile } from './request.js';
import { networkError, TransferError } from './transfer-error.js';

export interface TransferOptions {
  readonly url: string;
  /** The unfinished file: bytes are added to what it has. Made if missing. */
  readonly part: string;
  /** Of the whole file, in bytes. */
  readonly size: number;
  /** Told how many bytes of the file are there, after every piece. */
  readonly onBytes: (done: number) => void;
  /** Milliseconds without a byte after which the server counts as hanging. */
  readonly idleTimeout: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Gets what is missing of a file, in one request. A server that ignores the position asked for sends the file from its
 * start, which then replaces what was there.
 *
 * Afterwards the unfinished file is whole, though not verified.
 *
 * @throws TransferError if the file did not arrive, the signal's reason once that is aborted, and the file system's errors.
 */
export async function transfer(options: TransferOptions): Promise<void> {
  // None of Node's text flags keeps what is there, can write anywhere, and makes a missing file.
  const file = await open(options.part, constants.O_RDWR | constants.O_CREAT, 0o644);
  const idle = new IdleTimeout(options.idleTimeout);
  try {
    await receive(file, options, idle);
  } finally {
    idle.stop();
    await file.close();
  }
}

async function receive(
  file: FileHandle,
  { url, size, onBytes, signal }: TransferOptions,
  idle: IdleTimeout,
): Promise<void> {
  const either = signal ? AbortSignal.any([signal, idle.signal]) : idle.signal;
  const network = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      signal?.throwIfAborted();
      if (idle.signal.aborted) throw idle.signal.reason;
      throw error instanceof TransferError ? error : networkError(error);
    });

  const present = (await file.stat()).size;
  const request = { url, start: present, size, signal: either };
  const { body, start } = await network(requestFile(request));
  if (start < present) await file.truncate(start);
  let done = start;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done: ended, value } = await network(reader.read());
      if (ended) break;
      idle.restart();
      if (done + value.length > size) {
        const message = `the server sends more than the expected ${size} bytes`;
        throw new TransferError(message, { again: false, discard: true });
      }
      await writeAt(file, value, done);
      done += value.length;
      onBytes(done);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  if (done < size) {
    throw new TransferError(`the connection ended after ${done} of ${size} bytes`, { again: true });
  }
  await file.sync();
}

/** Aborts its signal when it has not been restarted for a while. */
class IdleTimeout {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly signal = this.#controller.signal;

  constructor(milliseconds: number) {
    this.#timer = setTimeout(() => {
      const message = `the server sent nothing for ${milliseconds / 1000} s`;
      this.#controller.abort(new TransferError(message, { again: true }));
    }, milliseconds);
  }

  restart(): void {
    this.#timer.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

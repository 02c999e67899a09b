import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { UsageError } from '../core/errors.js';
import { writeFailure } from '../core/files.js';
import type { EventSink, RunEvent } from './events.js';
import { eventFormatVersion } from './lifecycle-events.js';

/** An event as the log keeps it; paths are relative to the log's folder. */
export type LoggedEvent = RunEvent & {
  /** The number of its line, from 1; events of logs of version 1 have none. */
  readonly sequence?: number;
  /** When it happened: ISO 8601, UTC. */
  readonly time: string;
  /** Seconds since this process opened the log; starts again from 0 when a run is resumed. */
  readonly elapsed: number;
};

/**
 * Appends events to a JSON Lines file, one event a line. Each line is handed to the operating system whole as soon as
 * its event happens, so a crash of the process loses nothing. Numbers that are not finite become `null`.
 */
export class EventLog {
  readonly #path: string;
  readonly #opened = performance.now();
  #lines = 0;
  #file: number | undefined;
  #failed = false;

  /**
   * Opens `path` for appending, creating it if need be, and cuts off a last line that a crash left unfinished. Throws
   * FailureError when it cannot be written.
   */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#file = openSync(path, 'a+');
      this.#lines = dropUnfinishedLine(this.#file);
    } catch (cause) {
      throw writeFailure(path, cause);
    }
  }

  /** Appends one event. Throws FailureError when it cannot be written, and an `Error` after `close`. */
  readonly sink: EventSink = (event) => {
    const file = this.#openFile();
    const elapsed = Math.round(performance.now() - this.#opened) / 1000;
    const line = JSON.stringify({
      sequence: this.#lines + 1,
      time: new Date().toISOString(),
      elapsed,
      ...event,
      ...('path' in event && { path: relative(dirname(this.#path), resolve(event.path)) }),
    });
    try {
      writeWhole(file, Buffer.from(`${line}\n`));
      this.#lines += 1;
    } catch (cause) {
      this.#failed = true;
      throw writeFailure(this.#path, cause);
    }
  };

  /** Forces what was written to the disk, so that a loss of power keeps it too. Throws FailureError when that fails. */
  flush(): void {
    const file = this.#openFile();
    try {
      fsyncSync(file);
    } catch (cause) {
      throw writeFailure(this.#path, cause);
    }
  }

  /** Flushes, unless a write has failed and was told, and closes. Closing again does nothing. */
  close(): void {
    if (this.#file === undefined) return;
    const file = this.#file;
    try {
      if (!this.#failed) this.flush();
    } finally {
      this.#file = undefined;
      closeSync(file);
    }
  }

  /** Closes. What went wrong before is the error to tell, so that a failure of the flush is not. */
  [Symbol.dispose](): void {
    try {
      this.close();
    } catch {
      // Whoever wants to know calls `close`.
    }
  }

  #openFile(): number {
    if (this.#file === undefined) throw new Error(`The event log ${this.#path} is closed.`);
    return this.#file;
  }
}

/** A full disk takes a part of what is written before it refuses. */
function writeWhole(file: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
}

/**
 * Every event of a log, oldest first; none when the file does not exist. A last line without its line end is skipped:
 * it is still being written, or a crash cut it.
 * @throws UsageError with the line number when a line is not an event.
 */
export function readEvents(path: string): LoggedEvent[] {
  const lines = readText(path).split('\n').slice(0, -1);
  return lines.map((line, index) => parseEvent(line, `${path}, line ${index + 1}`));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

/**
 * The event of one line.
 * @param where the line, for the error
 * @throws UsageError when the line is not an event, or one of a format that is not known yet
 */
export function parseEvent(line: string, where: string): LoggedEvent {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new UsageError(`${where}: expected one JSON event a line. Mend or remove the line.`, {
      cause,
    });
  }
  if (typeof value !== 'object' || value === null || !('type' in value)) {
    throw new UsageError(`${where}: expected an object with a "type". Mend or remove the line.`);
  }
  const event = value as LoggedEvent;
  if (event.type === 'run-start' && event.formatVersion > eventFormatVersion) {
    throw new UsageError(
      `${where}: the log has format ${event.formatVersion}, this version of ncfm reads formats up to ${eventFormatVersion}. Read it with the version that has written it, or a later one.`,
    );
  }
  return event;
}

/** Cuts off what follows on the last line end, and counts the lines before it. */
function dropUnfinishedLine(file: number): number {
  const size = fstatSync(file).size;
  const chunk = Buffer.alloc(1024 * 1024);
  let [lines, end] = [0, 0];
  for (let start = 0; start < size; ) {
    const length = readSync(file, chunk, 0, chunk.length, start);
    if (length === 0) break;
    const read = chunk.subarray(0, length);
    for (let at = read.indexOf(10); at >= 0; at = read.indexOf(10, at + 1)) {
      lines += 1;
      end = start + at + 1;
    }
    start += length;
  }
  if (end < size) ftruncateSync(file, end);
  return lines;
}

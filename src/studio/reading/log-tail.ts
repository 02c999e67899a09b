import { type FileHandle, open } from 'node:fs/promises';
import { type LoggedEvent, parseEvent } from '../../run/event-log.js';

const chunkBytes = 1024 * 1024;

/** Reads a log that grows: each time what has been added, in pieces, so that a long one needs little memory. */
export class LogTail {
  readonly #path: string;
  #position = 0;
  #lines = 0;
  #file: number | undefined;
  /** What has been read of a line that is not whole yet. */
  #rest = Buffer.alloc(0);

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Tells every event that was added since the last call; nothing where there is no log.
   * @param restarted told when the log is another file than before, or shorter: the events that follow are all of it
   * @returns whether there were any
   * @throws UsageError with the line number when a line is not an event
   */
  async read(onEvent: (event: LoggedEvent) => void, restarted: () => void): Promise<boolean> {
    let file: FileHandle;
    try {
      file = await open(this.#path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
    try {
      const { ino, size } = await file.stat();
      if ((this.#file ?? ino) !== ino || size < this.#position) {
        this.#position = 0;
        this.#lines = 0;
        this.#rest = Buffer.alloc(0);
        restarted();
      }
      this.#file = ino;
      return await this.#readOn(file, onEvent);
    } finally {
      await file.close();
    }
  }

  async #readOn(file: FileHandle, onEvent: (event: LoggedEvent) => void): Promise<boolean> {
    const before = this.#lines;
    const chunk = Buffer.alloc(chunkBytes);
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, this.#position);
      if (bytesRead === 0) return this.#lines > before;
      this.#position += bytesRead;
      const text = Buffer.concat([this.#rest, chunk.subarray(0, bytesRead)]);
      const end = text.lastIndexOf(10) + 1;
      this.#rest = Buffer.from(text.subarray(end));
      if (end === 0) continue;
      for (const line of text.toString('utf8', 0, end - 1).split('\n')) {
        this.#lines += 1;
        onEvent(parseEvent(line, `${this.#path}, line ${this.#lines}`));
      }
    }
  }
}

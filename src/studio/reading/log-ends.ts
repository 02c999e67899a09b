import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEvent } from '../../run/event-log.js';
import { LogState } from './log-state.js';

/** A run's start, with all its settings, takes a few thousand. */
const endBytes = 24 * 1024;

/** What the first and the last events of a run's log tell: enough for a list, however long the log is. */
export async function readLogEnds(folder: string): Promise<LogState> {
  const state = new LogState();
  const path = join(folder, 'events.jsonl');
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return state;
    throw error;
  }
  try {
    const { size } = await file.stat();
    const from = Math.max(endBytes, size - endBytes);
    const head = await piece(file, 0, Math.min(size, endBytes));
    const tail = from < size ? await piece(file, from, size - from) : '';
    const whole = size <= 2 * endBytes;
    // What lies between is left out, and with it the lines that it cuts.
    const texts = whole
      ? [head + tail]
      : [head.slice(0, head.lastIndexOf('\n') + 1), tail.slice(tail.indexOf('\n') + 1)];
    for (const text of texts) {
      for (const line of text.split('\n').slice(0, -1)) state.add(parseEvent(line, path));
    }
    return state;
  } finally {
    await file.close();
  }
}

async function piece(file: FileHandle, from: number, length: number): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from);
  return buffer.toString('utf8', 0, bytesRead);
}

import { writeFileSync } from 'node:fs';
import { messageOf } from '../core/errors.js';

/** Tells torchrun why this process has failed, where it names a file for that: in the form that its own workers write. */
export function writeErrorFile(
  error: unknown,
  path: string | undefined = process.env.TORCHELASTIC_ERROR_FILE,
): void {
  if (!path) return;
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const timestamp = String(Math.floor(Date.now() / 1000));
  const message = { message: messageOf(error), extraInfo: { py_callstack: stack, timestamp } };
  try {
    writeFileSync(path, JSON.stringify({ message }));
  } catch {
    // torchrun then tells the exit code alone.
  }
}

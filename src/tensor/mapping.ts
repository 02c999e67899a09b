import { UsageError } from './errors.js';
import { native } from './native.js';

/**
 * Bytes `offset` to `offset + length` of a file as memory: pages are read from the disk when they are touched, and
 * given up when memory is short. For reading only: writing to them ends the process. The file must not be cut shorter
 * while they are in use.
 *
 * @param length at least 1
 * @throws UsageError naming the file if it cannot be read or does not hold these bytes.
 */
export function mapFile(path: string, offset: number, length: number): Uint8Array {
  try {
    return new Uint8Array(native.mapFile(path, offset, length));
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

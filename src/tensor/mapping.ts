import { UsageError } from '../core/errors.js';
import { native } from './native.js';

/**
 * Bytes `offset` to `offset + length` of a file as memory: pages are read from the disk when they are touched, and
 * given up when memory is short. They are unmapped when the array is no longer referred to. For reading only: writing
 * to them ends the process, as does reading them after the file was cut shorter (replacing it does no harm).
 *
 * @param offset any whole number from 0
 * @param length at least 1; V8 limits the length of one array, to 4 GiB at the least.
 * @throws UsageError naming the file if it cannot be read or does not hold these bytes.
 */
export function mapFile(path: string, offset: number, length: number): Uint8Array {
  if (!Number.isSafeInteger(offset) || offset < 0 || !Number.isSafeInteger(length) || length < 1) {
    throw new UsageError(
      `${path}: ${length} bytes from byte ${offset} cannot be mapped; expected whole numbers, and at least one byte.`,
    );
  }
  try {
    return new Uint8Array(native.mapFile(path, offset, length));
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

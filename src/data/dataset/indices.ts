import { UsageError } from '../../core/errors.js';

/**
 * Refuses image indices that do not exist.
 *
 * @param what the dataset, for the message.
 * @throws UsageError unless every index is an integer in 0..count-1.
 */
export function checkIndices(indices: ArrayLike<number>, count: number, what: string): void {
  for (let position = 0; position < indices.length; position++) {
    const index = indices[position]!;
    if (Number.isInteger(index) && index >= 0 && index < count) continue;
    throw new UsageError(
      `${what}: image index ${index} (at position ${position}) does not exist; ` +
        `expected a whole number from 0 to ${count - 1}`,
    );
  }
}

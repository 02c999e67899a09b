import { UsageError } from '../../core/errors.js';
import type { PictureSource } from '../decoding/picture-source.js';
import { chooseScale, type MeasuredValues, type ValueScale } from '../decoding/value-scale.js';
import { concurrently } from './concurrent.js';

/**
 * Chooses how values of more than 8 bits become bytes, by all pictures of a source. Damaged ones don't count.
 *
 * @throws the signal's reason, and what is no error for users.
 */
export async function measureScale(
  source: PictureSource,
  {
    concurrency,
    signal,
  }: { readonly concurrency: number; readonly signal?: AbortSignal | undefined },
): Promise<ValueScale> {
  const measured: MeasuredValues[] = [];
  const measure = async (index: number): Promise<void> => {
    const found = await source.measure?.(index).catch((cause: unknown) => {
      if (cause instanceof UsageError) return undefined;
      throw cause;
    });
    if (found !== undefined) measured.push(found);
  };
  await concurrently(source.labels.length, concurrency, measure, signal);
  return chooseScale(measured);
}

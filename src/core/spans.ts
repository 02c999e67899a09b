import { UsageError } from './errors.js';

export interface Span {
  readonly start: number;
  readonly length: number;
}

/** The range 0 to `total` in parts of `size`, the last one what is left. Throws UsageError for a size below 1. */
export function spans(total: number, size: number): Span[] {
  if (!Number.isInteger(size) || size < 1) {
    throw new UsageError(`the size of a chunk must be a positive integer, got ${size}`);
  }
  return Array.from({ length: Math.ceil(total / size) }, (_, index) => ({
    start: index * size,
    length: Math.min(size, total - index * size),
  }));
}

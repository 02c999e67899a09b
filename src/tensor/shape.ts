/** NumPy's limit, and more than any network needs. */
const MOST_DIMENSIONS = 64;

/** Whether a value that a file holds is a list of whole numbers from 0. */
export function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

/** Whether a value that a file holds can be a tensor's shape: few dimensions, whose product can be counted. */
export function isShape(value: unknown): value is number[] {
  if (!isSizes(value) || value.length > MOST_DIMENSIONS) return false;
  // An empty tensor has sizes, too, and strides that are products of them.
  return Number.isSafeInteger(value.reduce((product, size) => product * Math.max(size, 1), 1));
}

/** The position of the largest value, the first of equal ones, that is not among `taken`. */
export function firstLargest(values: ArrayLike<number>, taken: readonly number[]): number {
  const excluded = new Set(taken);
  let best = -1;
  for (let position = 0; position < values.length; position++) {
    if (excluded.has(position)) continue;
    if (best < 0 || values[position]! > values[best]!) best = position;
  }
  return best;
}

/** What of a picture's stored values becomes black, and what white. */
export interface ValueRange {
  readonly black: number;
  readonly white: number;
}

/**
 * How values of more than 8 bits become bytes: a range for each type of value (`ushort`, `float`…), the same for all
 * pictures of a set. A type without one uses its whole range, see `decodePicture`. `unknown`: nothing is known yet,
 * and such a picture is not to be decoded.
 */
export type ValueScale = Readonly<Record<string, ValueRange>> | 'unknown';

/** The stored values of one picture of more than 8 bits. */
export interface MeasuredValues {
  /** `ushort`, `uint`, `float`… */
  readonly type: string;
  readonly least: number;
  readonly most: number;
  /** The value that the file itself declares to be the largest; absent if it does not. */
  readonly declared?: number;
}

/** A picture has more than 8 bits, and how to scale its values is still to be found out. */
export class UnknownScale extends Error {}

/** The largest value of an unsigned type. */
const largestOf: Readonly<Record<string, number>> = { ushort: 2 ** 16 - 1, uint: 2 ** 32 - 1 };

/** Full scales that floats usually have. */
const usualWhites = [1, 255, 2 ** 16 - 1];

/**
 * Chooses what is black and white by all pictures of a set together:
 * - of whole numbers, white is the largest value that the files declare, if none is above it; else the largest number of
 *   as many bits as the largest value takes. Black is 0.
 * - of floats, 1, 255 or 65535 is white where the largest value lies in its upper half and none is negative; else
 *   they are spread from their least (0, if none is negative) to their largest.
 *
 * A type whose whole range is in use has no entry.
 */
export function chooseScale(
  measured: readonly MeasuredValues[],
): Readonly<Record<string, ValueRange>> {
  const types = [...new Set(measured.map(({ type }) => type))].sort();
  const chosen = types.map((type) => {
    const range = rangeOf(
      type,
      measured.filter((one) => one.type === type),
    );
    return [type, range] as const;
  });
  return Object.fromEntries(chosen.filter(([type, range]) => !isWhole(type, range)));
}

/** What a type's values are scaled by where nothing else is said. */
export function wholeRange(type: string): ValueRange {
  return { black: 0, white: largestOf[type] ?? 1 };
}

function isWhole(type: string, { black, white }: ValueRange): boolean {
  return black === 0 && white === wholeRange(type).white;
}

function rangeOf(type: string, values: readonly MeasuredValues[]): ValueRange {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let declared = 0;
  for (const one of values) {
    least = Math.min(least, one.least);
    most = Math.max(most, one.most);
    declared = Math.max(declared, one.declared ?? 0);
  }
  if (most <= 0 && least >= 0) return wholeRange(type); // all is black
  if (type in largestOf) {
    if (declared >= most) return { black: 0, white: declared };
    return { black: 0, white: 2 ** Math.ceil(Math.log2(most + 1)) - 1 };
  }
  const usual = usualWhites.find((full) => most <= full && most > full / 2);
  if (least >= 0) return { black: 0, white: usual ?? most };
  return { black: least, white: most > least ? most : least + 1 };
}

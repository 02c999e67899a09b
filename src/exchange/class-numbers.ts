import { classFolders } from './export/files.js';

/**
 * The dataset's number of each of a set's classes, by their names. The first rule that finds every class, each another
 * one, is taken:
 * 1. the lists are the same,
 * 2. the names are,
 * 3. they are folders that an export of the dataset has,
 * 4. they are the same but for case, signs, the form of accents and a number in front (`0-t-shirt-top`),
 * 5. they are numbers themselves.
 *
 * @param own the set's names, in the order of its numbers
 * @param wanted the dataset's
 * @returns undefined where no rule finds all. By the last rule a number may be one that the dataset does not have.
 */
export function classNumbers(
  own: readonly string[],
  wanted: readonly string[],
): readonly number[] | undefined {
  if (own.length === wanted.length && own.every((name, index) => name === wanted[index])) {
    return own.map((_, index) => index);
  }
  return (
    found(own, wanted) ??
    found(own, classFolders(wanted)) ??
    found(own.map(folded), wanted.map(folded)) ??
    found(own.map(withoutNumber).map(folded), wanted.map(folded)) ??
    numbered(own)
  );
}

/** Where each name is in a list; undefined unless all are there, and once each. */
function found(own: readonly string[], wanted: readonly string[]): number[] | undefined {
  const places = new Map<string, number>();
  for (const [index, name] of wanted.entries()) {
    // Of names that are the same neither can be meant.
    places.set(name, places.has(name) ? -1 : index);
  }
  const numbers = own.map((name) => places.get(name) ?? -1);
  return numbers.includes(-1) || new Set(numbers).size < own.length ? undefined : numbers;
}

function folded(name: string): string {
  const plain = name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, '-');
  return plain.replaceAll(/^-|-$/g, '');
}

function withoutNumber(name: string): string {
  return name.replace(/^\d+-/, '');
}

function numbered(own: readonly string[]): number[] | undefined {
  if (!own.every((name) => /^\d{1,9}$/.test(name))) return undefined;
  const numbers = own.map(Number);
  return new Set(numbers).size < own.length ? undefined : numbers;
}

import { UsageError } from '../../core/errors.js';
import type { DamagedPicture } from '../decoding/picture-source.js';

export interface DamagedPart {
  readonly name: string;
  readonly split: string;
  /** How many pictures it has, the damaged ones too. */
  readonly pictures: number;
  readonly damaged: readonly DamagedPicture[];
}

/** Damaged pictures that a message names. */
const mostNamed = 10;

/** How many pictures of which parts are damaged: `3 of 400 pictures of pets train`. */
export function countDamaged(parts: readonly DamagedPart[]): string {
  const counts = parts.map(
    ({ name, split, pictures, damaged }) =>
      `${damaged.length} of ${pictures} pictures of ${name} ${split}`,
  );
  return counts.join(' and ');
}

/** What is wrong with the first of them, a line each. */
export function listDamaged(parts: readonly DamagedPart[]): string {
  const all = parts.flatMap(({ damaged }) => damaged);
  const lines = all.slice(0, mostNamed).map(({ place, reason }) =>
    // Readers name the file in their errors already.
    reason.includes(place) ? `  ${reason}` : `  ${place}: ${reason}`,
  );
  const left = all.length - lines.length;
  return [...lines, ...(left > 0 ? [`  and ${left} more`] : [])].join('\n');
}

/** Says what is damaged and what can be done. */
export function damageError(parts: readonly DamagedPart[]): UsageError {
  const single = parts.length === 1 && parts[0]!.damaged.length === 1;
  const verb = single ? 'is damaged or missing' : 'are damaged or missing';
  return new UsageError(
    `${countDamaged(parts)} ${verb}:\n${listDamaged(parts)}\n` +
      'ncfm data check names each; replace them or take them out, and run the command again (the others are decoded, ' +
      'and kept), or leave them out of the set: --set dataset.onDamaged=skip',
  );
}

/**
 * Checks what is left when damaged pictures are left out.
 *
 * @param labels of what is left.
 * @param all of all pictures.
 * @throws UsageError if that is nothing of a class.
 */
export function requireEveryClass(
  { name, split, damaged }: DamagedPart,
  classNames: readonly string[],
  { labels, all }: { readonly labels: Int32Array; readonly all: Int32Array },
): void {
  const left = new Set(labels);
  const missing = [...new Set(all)].find((label) => !left.has(label));
  if (missing === undefined) return;
  throw new UsageError(
    `${name} ${split}: every picture of class '${classNames[missing]}' is damaged or missing, so that none is left ` +
      `(${damaged.length} are in all; ncfm data check names each); replace them, or take the class out`,
  );
}

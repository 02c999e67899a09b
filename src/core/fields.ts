import { z } from 'zod';
import { parseSize } from './size.js';

/** A range of numbers; `above` and `below` exclude the bound itself. */
export interface Range {
  readonly from?: number;
  readonly above?: number;
  readonly to?: number;
  readonly below?: number;
}

// In this room a schema's message says what it expects, to be read after the word 'expected'; for an unknown key it
// lists the keys that there are. `problems.ts` makes sentences of them.

/** A finite number in a range. */
export function number(range: Range) {
  const error = `a number ${rangeText(range)}`;
  return bounded(z.number({ error }), range, error);
}

export function integer(range: Range) {
  const error = `an integer ${rangeText(range)}`;
  return bounded(z.int({ error }), range, error);
}

/** A number in a range, or null to switch something off. */
export function strength(range: Range) {
  const error = `a number ${rangeText(range)}, or null to switch it off`;
  return bounded(z.number({ error }), range, error).nullable();
}

/** A positive number, or 'auto'. */
export function positiveOrAutomatic(most: number) {
  const range = { above: 0, to: most };
  const error = `a number ${rangeText(range)}, or auto`;
  return z.union([bounded(z.number({ error }), range, error), z.literal('auto', { error })], {
    error,
  });
}

export function integerOrAutomatic(range: Range) {
  const error = `an integer ${rangeText(range)}, or auto`;
  return z.union([bounded(z.int({ error }), range, error), z.literal('auto', { error })], {
    error,
  });
}

/** A number of bytes, as a size such as '2GB' or as a number; or 'auto'. Sizes become numbers. */
export function sizeOrAutomatic() {
  const error = 'a size such as 2GB, 1.5GiB, 800MB or a number of bytes, or auto';
  const size = z.string({ error }).transform((text, context) => {
    const bytes = parseSize(text);
    if (bytes !== undefined) return bytes;
    context.addIssue({ code: 'custom', message: error });
    return z.NEVER;
  });
  const bytes = bounded(z.int({ error }), { from: 1 }, error);
  return z.union([z.literal('auto', { error }), bytes, size], { error });
}

export function flag() {
  return z.boolean({ error: 'true or false' });
}

export function choice<const T extends string>(words: readonly [T, ...T[]]) {
  return z.enum(words, { error: oneOf(words) });
}

/** Text that is not empty. */
export function text(what: string) {
  return z.string({ error: what }).min(1, { error: what });
}

/** A mapping with exactly these keys. */
export function mapping<T extends z.core.$ZodLooseShape>(shape: T, what = 'a mapping of keys') {
  const keys = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? keys : what),
  });
}

/** A list of at least one item. */
export function list<T extends z.core.$ZodType>(item: T, what: string) {
  return z.array(item, { error: what }).min(1, { error: what });
}

/** Mappings of several forms, told apart by the word at `key`. */
export function variants<
  const Key extends string,
  const Forms extends readonly [z.core.$ZodTypeDiscriminable, ...z.core.$ZodTypeDiscriminable[]],
>(key: Key, words: readonly string[], forms: Forms) {
  return z.discriminatedUnion(key, forms, {
    error: ({ code }) =>
      code === 'invalid_union' ? oneOf(words) : `a mapping with the key '${key}'`,
  });
}

/**
 * A schema that is asked for at each use, because what users define can be added to it.
 * @param schema gives the same schema as long as nothing was added
 */
export function growing<Output, Input>(schema: () => z.ZodType<Output>): z.ZodType<Output, Input> {
  const anything = z.unknown() as z.ZodType<unknown, Input>;
  return anything.transform((value, context) => {
    const result = schema().safeParse(value);
    if (result.success) return result.data;
    context.issues.push(...(result.error.issues as typeof context.issues));
    return z.NEVER;
  });
}

/** One of several words, to which others may be added. */
export function choiceOf(words: () => readonly string[]): z.ZodType<string, string> {
  return growing(() => choice(words() as [string]));
}

export function oneOf(words: readonly string[]): string {
  return words.join(', ').replace(/, ([^,]*)$/, ' or $1');
}

/** The range in words: `from 0 to 1`, `above 0 and below 1`. */
export function rangeText({ from, above, to, below }: Range): string {
  const low = from !== undefined ? `from ${from}` : above !== undefined ? `above ${above}` : '';
  const high = to !== undefined ? `to ${to}` : below !== undefined ? `below ${below}` : '';
  if (low === '' || high === '') return low || (to !== undefined ? `up to ${to}` : high);
  if (from !== undefined) return to !== undefined ? `${low} ${high}` : `${low} to ${high}`;
  return `${low} and ${to !== undefined ? `up ${high}` : high}`;
}

function bounded(schema: z.ZodNumber, { from, above, to, below }: Range, error: string) {
  let result = schema;
  if (from !== undefined) result = result.min(from, { error });
  if (above !== undefined) result = result.gt(above, { error });
  if (to !== undefined) result = result.max(to, { error });
  if (below !== undefined) result = result.lt(below, { error });
  return result;
}

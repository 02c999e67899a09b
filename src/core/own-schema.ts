import { z } from 'zod';
import type { CodeDefinition, OwnOptions, OwnValue } from './definitions.js';
import { flag, list, mapping, text } from './fields.js';

/** The mapping that chooses something of the user's own: its options, of the kinds that their defaults are of. */
export function ownChoice(definition: CodeDefinition<OwnOptions>) {
  const fields = Object.entries(definition.options).map(
    ([option, usual]) => [option, ownField(usual).default(usual)] as const,
  );
  return mapping({
    name: z.literal(definition.name),
    // Written out in the configurations of runs; what counts is the code that is here now.
    version: z.exactOptional(z.unknown()),
    ...Object.fromEntries(fields),
  }).transform((options) => definition.with(options as OwnOptions));
}

function ownField(usual: OwnValue): z.ZodType<OwnValue> {
  const anyNumber = z.number({ error: 'a number' });
  if (typeof usual === 'number') return anyNumber;
  if (typeof usual === 'string') return text('a text');
  return typeof usual === 'boolean' ? flag() : list(anyNumber, 'a list of numbers');
}

/** A schema of what is defined, made anew when that has changed. */
export function ofDefined<T, Definition>(
  defined: () => readonly Definition[],
  make: (definitions: readonly Definition[]) => z.ZodType<T>,
): () => z.ZodType<T> {
  let made: { readonly from: readonly Definition[]; readonly schema: z.ZodType<T> } | undefined;
  return () => {
    const from = defined();
    const { length } = made?.from ?? [];
    if (made === undefined || from.length !== length || from.some((d, at) => d !== made?.from[at]))
      made = { from, schema: make(from) };
    return made.schema;
  };
}

import { z } from 'zod';
import { ownAugmentations } from '../../augment/index.js';
import type { CodeDefinition, OwnChoice, OwnOptions, OwnValue } from '../../core/index.js';
import { flag, growing, list, mapping, oneOf, text, variants } from './fields.js';

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

/** An augmentation of the user's own: its name, or a mapping of name and options. */
export const ownAugmentation = growing<OwnChoice, string | OwnChoice>(
  ofDefined(
    () => ownAugmentations.all,
    (definitions) => {
      const [first, ...others] = definitions.map(ownChoice);
      const names = definitions.map(({ name }) => name);
      const known = names.length === 0 ? 'there is none yet' : oneOf(names);
      const error = `the name of an augmentation that a module of imports defines (${known})`;
      const named = z.enum(names, { error }).transform((name) => ownAugmentations.get(name).with());
      if (first === undefined) return z.never({ error });
      return z.union([named, variants('name', names, [first, ...others])], { error });
    },
  ),
);

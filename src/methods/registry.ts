import { z } from 'zod';
import { nearest, UsageError } from '../core/errors.js';
import { choice } from '../core/fields.js';
import type { DistillOptions, Method } from './method.js';
import { ncfm } from './ncfm/method.js';
import type { NcfmOptions } from './ncfm/options.js';
import type { ncfmSchema } from './ncfm/schema.js';

/** The methods, by name. One of ours is a line here. */
const methods = new Map<string, Method>([[ncfm.name, ncfm]]);

/** The options of the methods that come with the package, or of any other. */
export type AnyDistillOptions = NcfmOptions | DistillOptions;

/** The method of configurations that name none. */
export const usualMethod = ncfm.name;

/**
 * Makes a method known, so that configurations can name it. Throws UsageError when there is another one of that name.
 */
export function defineMethod<Options extends DistillOptions>(
  method: Method<Options>,
): Method<Options> {
  const { name } = method;
  if (!/^[a-z][a-z0-9-]*$/.test(name)) {
    throw new UsageError(`the name of a method is of small letters, digits and '-', got '${name}'`);
  }
  if (methods.has(name)) throw new UsageError(`there is a method '${name}' already`);
  methods.set(name, method as Method);
  return method;
}

/** The names of all methods. */
export function methodNames(): string[] {
  return [...methods.keys()];
}

/** The method of a name. Throws UsageError when there is none. */
export function methodOf(name: string): Method {
  const method = methods.get(name);
  if (method !== undefined) return method;
  const near = nearest(name, methods.keys());
  throw new UsageError(
    `there is no method '${name}'; ${near ? `did you mean '${near}'?` : `the methods are ${methodNames().join(', ')}`}`,
  );
}

/** The options of a method that comes with the package, as a configuration has them. */
export type DistillInput = z.input<typeof ncfmSchema>;

/** The `distill` mapping of a configuration: that of the method it names. */
export const distillOptions: z.ZodType<DistillOptions, DistillInput> = z
  .custom<DistillInput>()
  .transform((value, context) => {
    const method = methods.get(value?.method);
    const schema = method?.schema ?? z.object({ method: choice(methodNames() as [string]) });
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data as DistillOptions;
    context.issues.push(...(parsed.error.issues as typeof context.issues));
    return z.NEVER;
  });

/** The names of a method's options. */
export function optionNames(): string[] {
  return [...methods.values()].flatMap(({ schema }) => keysOf(schema));
}

function keysOf(schema: object): string[] {
  if ('in' in schema) return keysOf(schema.in as object);
  return 'shape' in schema ? Object.keys(schema.shape as object) : [];
}

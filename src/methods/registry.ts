import { z } from 'zod';
import { nearest, UsageError } from '../core/errors.js';
import type { DistillOptions, Method } from './method.js';
import { ncfm } from './ncfm/method.js';
import type { NcfmOptions } from './ncfm/options.js';

/** The methods, by name. One of ours is a line here. */
const methods = new Map<string, Method>([[ncfm.name, ncfm]]);

/** The options of the methods that come with the package, or of any other. */
export type AnyDistillOptions = NcfmOptions | DistillOptions;

/** The method of configurations that name none. */
export const usualMethod = ncfm.name;

/**
 * Makes a method known, so that configurations can name it. Throws UsageError when there is another one of that name.
 */
export function defineMethod<Options extends DistillOptions>(method: Method<Options>): void {
  const { name } = method;
  if (!/^[a-z][a-z0-9-]*$/.test(name)) {
    throw new UsageError(`the name of a method is of small letters, digits and '-', got '${name}'`);
  }
  if (methods.has(name)) throw new UsageError(`there is a method '${name}' already`);
  methods.set(name, method as Method);
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

/** The `distill` mapping of a configuration: that of the method it names. */
export const distillOptions: z.ZodType<DistillOptions, unknown> = z
  .unknown()
  .transform((value, context) => {
    const name = (value as { method?: unknown } | null)?.method;
    const method = typeof name === 'string' ? methods.get(name) : undefined;
    if (method === undefined) {
      const message = methodNames()
        .join(', ')
        .replace(/, ([^,]*)$/, ' or $1');
      context.issues.push({
        code: 'invalid_value',
        values: methodNames(),
        path: ['method'],
        input: value,
        message,
      });
      return z.NEVER;
    }
    const parsed = method.schema.safeParse(value);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues)
      context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue);
    return z.NEVER;
  });

import { z } from 'zod';
import { mapping } from '../core/fields.js';
import { descentFields, sharedFields } from '../distill/schema.js';

/** The `distill` mapping of a method: the options of every method, those of a descent, and its own. */
export function methodSchema<const Name extends string, Own extends z.core.$ZodLooseShape>(
  name: Name,
  own: Own,
) {
  return mapping({ method: z.literal(name), ...sharedFields, ...descentFields, ...own });
}

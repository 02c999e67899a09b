import { z } from 'zod';
import { choice, mapping } from '../core/fields.js';
import { descentFields, sharedFields } from '../distill/schema.js';

/** The `distill` mapping of a method: the options of every method, those of a descent, and its own. */
export function methodSchema<const Name extends string, Own extends z.core.$ZodLooseShape>(
  name: Name,
  own: Own,
) {
  return mapping({ method: z.literal(name), ...sharedFields, ...descentFields, ...own });
}

const only = <const Value extends number>(value: Value) =>
  z.literal(value, { error: String(value) });

/**
 * That of a method that chooses real images, or parts of them: its images are shown whole, start as random real ones, and
 * are what they will be after one step.
 */
export function selectionSchema<const Name extends string, Own extends z.core.$ZodLooseShape>(
  name: Name,
  own: Own,
) {
  return mapping({
    method: z.literal(name),
    ...sharedFields,
    formation: mapping({ mode: choice(['single']), factor: only(1) }),
    initialization: mapping({ kind: choice(['random']) }),
    iterations: only(1),
    ...own,
  });
}

/** What `selectionSchema` allows, which a configuration need not state. */
export const selectionDefaults = {
  formation: { mode: 'single', factor: 1 },
  initialization: { kind: 'random' },
  iterations: 1,
} as const;

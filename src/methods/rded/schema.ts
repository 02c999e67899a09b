import type { z } from 'zod';
import { integer, integerOrAutomatic } from '../../core/fields.js';
import type { DistillOptions } from '../method.js';
import { selectionSchema } from '../schema.js';

export interface RdedOptions extends DistillOptions {
  /** Patches side by side in a stored image, which holds factor²; 'auto': 1 up to 64 pixels, 2 above. */
  readonly factor: number | 'auto';
  /** Real images of a class that patches are cut from; more where more patches are needed, at most all. */
  readonly candidates: number;
  /** Patches cut from each of them, of which the best is kept. */
  readonly crops: number;
  /** Networks of the pool whose mean opinion it is. */
  readonly observers: number;
}

export const rdedSchema = selectionSchema('rded', {
  factor: integerOrAutomatic({ from: 1, to: 64 }),
  candidates: integer({ from: 1, to: 1_000_000 }),
  crops: integer({ from: 1, to: 1000 }),
  observers: integer({ from: 1, to: 1000 }),
}) satisfies z.ZodType<RdedOptions>;

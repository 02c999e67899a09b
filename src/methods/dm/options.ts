import type { z } from 'zod';
import type { SiameseOptions } from '../../augment/index.js';
import { integer } from '../../core/fields.js';
import type { DescentOptions } from '../../distill/descent.js';
import { space } from '../../distill/schema.js';
import type { DistillOptions } from '../method.js';
import { methodSchema } from '../schema.js';

export interface DmOptions extends DistillOptions, DescentOptions {
  /** Real images of each class that an iteration compares with. */
  readonly realPerClass: number;
  readonly augmentation: SiameseOptions;
}

export const dmSchema = methodSchema('dm', {
  realPerClass: integer({ from: 1, to: 65_536 }),
  space,
}) satisfies z.ZodType<DmOptions>;

/** The paper's, for up to 50 images per class. */
export const dmDefaults = {
  method: 'dm',
  formation: { mode: 'single', factor: 1 },
  initialization: { kind: 'random' },
  iterations: 20_000,
  realPerClass: 256,
  optimizer: { kind: 'sgd', learningRate: 1, momentum: 0.5 },
  schedule: { kind: 'constant' },
  augmentation: 'dsa',
  space: 'normalised',
  onNonFinite: 'stop',
} as const;

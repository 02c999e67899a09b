import { z } from 'zod';
import { trainingAugmentation } from '../../augment/schema.js';
import { integer, mapping } from '../../core/fields.js';
import { optimizer, schedule } from '../../nn/schema.js';

export function length<Epochs extends z.core.$ZodType>(epochs: Epochs) {
  return z.union([mapping({ steps: integer({ from: 1, to: 100_000_000 }) }), mapping({ epochs })], {
    error: "a mapping with the key 'steps' or the key 'epochs'",
  });
}

const batch = integer({ from: 1, to: 65_536 });

/** How networks are trained, on real or on distilled images. */
export const training = {
  batchSize: z.union([batch, mapping({ atMost: batch })], {
    error: "an integer from 1 to 65536, or a mapping with the key 'atMost'",
  }),
  optimizer,
  schedule,
  augmentation: trainingAugmentation,
};

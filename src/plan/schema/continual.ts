import { z } from 'zod';
import { choice, flag, integer, list, mapping, strength } from '../../core/fields.js';
import { memoryKinds } from '../continual-options.js';

const classOrder = 'random, or a list of the numbers of all classes';

/** The `continual` mapping. */
export const continual = mapping({
  steps: integer({ from: 1, to: 10_000 }),
  classOrder: z.union(
    [
      z.literal('random', { error: classOrder }),
      list(integer({ from: 0, to: 100_000 }), classOrder),
    ],
    { error: classOrder },
  ),
  seeds: integer({ from: 1, to: 1000 }),
  memories: list(choice(memoryKinds), `a list of ${memoryKinds.join(', ')}`),
  fineTune: flag(),
  jointEpochs: strength({ above: 0, to: 10_000 }),
});

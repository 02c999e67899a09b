import { z } from 'zod';
import { choice, flag, integer, list, mapping, strength } from '../../core/fields.js';
import { memoryKinds } from '../continual-options.js';

const classOrder = 'random, or a list of the numbers of all classes';

export const continual = mapping({
  /** Equal parts that the classes come in; a divisor of their number. */
  steps: integer({ from: 1, to: 10_000 }),
  /** Drawn for each repetition, or the numbers of all classes in the order of all repetitions. */
  classOrder: z.union(
    [
      z.literal('random', { error: classOrder }),
      list(integer({ from: 0, to: 100_000 }), classOrder),
    ],
    { error: classOrder },
  ),
  /** Repetitions, each with its own order, pools, distillations and networks. */
  seeds: integer({ from: 1, to: 1000 }),
  /** The memories that are compared. */
  memories: list(choice(memoryKinds), `a list of ${memoryKinds.join(', ')}`),
  /** Whether the network of each step goes on with the next one's memory too, beside the networks trained from scratch. */
  fineTune: flag(),
  /** Passes of the bound, a network trained on all real images of the classes seen; null for none. */
  jointEpochs: strength({ above: 0, to: 10_000 }),
});

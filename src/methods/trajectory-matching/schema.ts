import type { z } from 'zod';
import { choice, integer, integerOrAll, mapping, number } from '../../core/fields.js';
import { space } from '../../distill/schema.js';
import { methodSchema } from '../schema.js';
import { adjoints } from './adjoint.js';
import type { TrajectoryOptions } from './options.js';

/** The options of MTT or TESLA, as a configuration has them. */
export function trajectorySchema<const Name extends string>(name: Name) {
  return methodSchema(name, {
    adjoint: choice(adjoints),
    innerSteps: integer({ from: 1, to: 10_000 }),
    expertEpochs: integer({ from: 1, to: 10_000 }),
    maxStartEpoch: integer({ from: 1, to: 10_000 }),
    batchSize: integerOrAll({ from: 1, to: 1_000_000 }),
    stepSize: mapping({
      initial: number({ above: 0, to: 100 }),
      learningRate: number({ from: 0, to: 100 }),
      momentum: number({ from: 0, below: 1 }),
    }),
    space,
  }) satisfies z.ZodType<TrajectoryOptions>;
}

import { z } from 'zod';
import type { SiameseOptions } from '../../augment/index.js';
import { choice, integer, mapping, number } from '../../core/fields.js';
import type { DescentOptions } from '../../distill/descent.js';
import { space } from '../../distill/schema.js';
import type { DistillOptions } from '../method.js';
import { methodSchema } from '../schema.js';
import { type Adjoint, adjoints } from './adjoint.js';
import type { StepSizeOptions } from './step-size.js';

/** The options of MTT and TESLA. */
export interface TrajectoryOptions extends DistillOptions, DescentOptions {
  readonly adjoint: Adjoint;
  /** T: steps that a student takes on the synthetic images. */
  readonly innerSteps: number;
  /** M: epochs that the expert takes meanwhile. */
  readonly expertEpochs: number;
  /** A student starts where an expert was after 0, 1, … or `maxStartEpoch` − 1 epochs. */
  readonly maxStartEpoch: number;
  /** Synthetic images (decoded ones) of an inner step. */
  readonly batchSize: number | 'all';
  readonly stepSize: StepSizeOptions;
  /** Drawn for each image of each inner step. */
  readonly augmentation: SiameseOptions;
}

const batchSize = 'a number of images, or all';

/** The options of MTT or TESLA, as a configuration has them. */
function trajectorySchema<const Name extends string>(name: Name) {
  return methodSchema(name, {
    adjoint: choice(adjoints),
    innerSteps: integer({ from: 1, to: 10_000 }),
    expertEpochs: integer({ from: 1, to: 10_000 }),
    maxStartEpoch: integer({ from: 1, to: 10_000 }),
    batchSize: z.union([integer({ from: 1, to: 1_000_000 }), z.literal('all')], {
      error: batchSize,
    }),
    stepSize: mapping({
      initial: number({ above: 0, to: 100 }),
      learningRate: number({ from: 0, to: 100 }),
      momentum: number({ from: 0, below: 1 }),
    }),
    space,
  }) satisfies z.ZodType<TrajectoryOptions>;
}

export const mttSchema = trajectorySchema('mtt');
export const teslaSchema = trajectorySchema('tesla');

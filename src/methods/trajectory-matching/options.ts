import type { SiameseOptions } from '../../augment/index.js';
import type { DescentOptions } from '../../distill/descent.js';
import type { DistillOptions } from '../method.js';
import type { Adjoint } from './adjoint.js';
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

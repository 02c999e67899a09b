import type { SiameseOptions } from '../../augment/index.js';
import type { Dataset } from '../../data/index.js';
import type { Chunks } from '../../distill/chunks.js';
import type { FineTuning } from '../../distill/fine-tuning.js';
import type { SyntheticImages } from '../../distill/synthetic.js';
import type { ProcessGroup } from '../../distributed/index.js';
import type { ImageModel } from '../../models/index.js';
import type { OptimizerOptions, ScheduleOptions } from '../../nn/index.js';
import type { RandomGenerator } from '../../tensor/index.js';
import type { ExtractorPool } from '../../train/extractors.js';
import type { DistillOptions } from '../method.js';
import type { Extractors } from './extractors.js';
import type { Frequencies } from './frequency-source.js';
import type { Matching } from './matching.js';

export interface CondenseOptions {
  readonly iterations: number;
  readonly matching: Matching;
  readonly extractors: Extractors;
  readonly frequencies: Frequencies;
  /** Amplitude against phase, in [0, 1]. */
  readonly alpha: number;
  /** Factor on the discrepancy of each class, relative to the fine-tuning loss (official code: 300). */
  readonly discrepancyWeight: number;
  /** K: iterations that share one draw of extractor, real images and augmentation, with fresh frequencies at each. */
  readonly amortize: number;
  readonly fineTuning: FineTuning;
  readonly optimizer: OptimizerOptions;
  readonly schedule: ScheduleOptions;
  readonly augmentation: SiameseOptions;
  /** What to do when a loss or gradient is not a number: `stop` (when left out), or leave the iteration out. */
  readonly onNonFinite?: 'stop' | 'skip';
}

export interface CondenserInput {
  readonly dataset: Dataset;
  readonly synthetic: SyntheticImages;
  readonly pool: ExtractorPool;
  /** Builds a network of the pool's architecture. */
  readonly buildModel: () => ImageModel;
  /** For stratified matching: clusters of dataset indices, class by class; see `stratify`. */
  readonly clusters?: readonly Int32Array[];
  readonly options: CondenseOptions;
  /** How much of an iteration is in memory at once; `usualChunks` for what is left out. */
  readonly chunks?: Partial<Chunks>;
  /** The processes that distil together. */
  readonly group?: ProcessGroup | undefined;
  readonly random: RandomGenerator;
}

export interface NcfmOptions extends DistillOptions, CondenseOptions {}

export interface IterationReport {
  /** Discrepancy averaged over classes, before the step; may be no number where the iteration was left out. */
  readonly discrepancy: number;
  /** Cross-entropy under a trained network before the step that lowers it; undefined without fine-tuning. */
  readonly fineTuneLoss: number | undefined;
  /** σ of this iteration's frequencies (of the mixture: its base scale). */
  readonly frequencyScale: number;
  /** The sampling network's own objective, averaged over classes, before its step; absent where it has none. */
  readonly frequencyObjective?: number;
  /** The least and the largest scale of the mixture, relative to its base; absent without a sampling network. */
  readonly mixtureScales?: readonly [least: number, largest: number];
  readonly learningRate: number;
  /** The loss or gradient was not a number, so that nothing was moved. */
  readonly skipped?: true;
}

import type { Dataset } from '../data/index.js';
import type { ProcessGroup } from '../distributed/index.js';
import type { ModelOptions } from '../models/index.js';
import type { EventSink } from '../run/index.js';
import type { RandomGenerator } from '../tensor/index.js';
import type { CheckpointInterval } from './checkpoint-interval.js';
import type { TrainingLength, TrainOptions } from './train.js';

export interface PretrainOptions extends Omit<TrainOptions, 'cutMix'> {
  /** Size of the pool. */
  readonly networks: number;
  /** A folder of networks that the official project has trained: the first `networks` of them are the pool. */
  readonly pool?: string;
  /** How long each network is trained; epochs are passes over the real training images, a fraction of one a part of them. */
  readonly length: TrainingLength;
}

/** Where networks are kept on the way of their training: after every epoch, or after each of so many equal parts. */
export type Recording =
  | { readonly kind: 'epochs' }
  | { readonly kind: 'parts'; readonly parts: number };

export interface PretrainRequest {
  readonly train: Dataset;
  /** When given, each network's accuracy on it is reported; it never influences the training. */
  readonly test?: Dataset | undefined;
  readonly testAtOnce?: number | undefined;
  readonly model: ModelOptions;
  readonly options: PretrainOptions;
  /** Folder of trained pools; a pool is found by a hash of everything that determines it. */
  readonly cache: string;
  /** How often the network in training is kept, so that it can go on; only when it is told to stop when left out. */
  readonly checkpoint?: CheckpointInterval | undefined;
  /** Where the networks are also kept as they were on their way. */
  readonly trajectories?: Recording | undefined;
  readonly random: RandomGenerator;
  /** Processes that train its networks, each some of them. */
  readonly group?: ProcessGroup | undefined;
  readonly onEvent: EventSink;
  readonly signal?: AbortSignal | undefined;
}

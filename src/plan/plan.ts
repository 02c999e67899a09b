import type { TaskChunks } from '../distill/chunks.js';
import type { EvaluateOptions } from '../evaluate/request.js';
import type { AnyDistillOptions } from '../methods/registry.js';
import type { ModelOptions } from '../models/index.js';
import type { CheckpointInterval } from '../train/checkpoint-interval.js';
import type { PretrainOptions } from '../train/pretrain-request.js';
import type { ContinualOptions } from './continual-options.js';
import type { SearchOptions } from './search-options.js';

/** Everything that determines a run: what a configuration file or a preset resolves to, every default written out. */
export interface Plan {
  /** Modules that define models, augmentations or datasets of one's own. */
  readonly imports: readonly string[];
  /** The run directory's name. */
  readonly name: string;
  readonly seed: number;
  /** Distillations, each with a pool, a start and an evaluation from a seed of its own; see `forEachRepeat`. */
  readonly repeats: number;
  /** 'cpu', 'cuda' or 'cuda:<number>'. */
  readonly device: string;
  /** Threads of the engine's operators. */
  readonly threads: number;
  /** Bytes that the process is to stay under; 'auto': no limit. */
  readonly memory: number | 'auto';
  readonly chunks: ChunkChoice;
  readonly dataset: DatasetChoice;
  /** The feature extractors' architecture; also the student's, unless `student` names another. */
  readonly model: ModelOptions;
  /** Architecture of the networks that are trained on the distilled set. */
  readonly student: ModelOptions;
  readonly pretrain: PretrainOptions;
  readonly distill: AnyDistillOptions;
  /** How often a distillation, or the training of an extractor, is kept so that it can go on. */
  readonly checkpoint: CheckpointInterval;
  /** Pictures of the images are written at the start, at the end and every so many iterations. */
  readonly snapshotEvery: number;
  readonly evaluate: EvaluateOptions;
  /** The networks trained on all real images, as a bound to compare with. */
  readonly wholeData: WholeDataOptions;
  /** The search for an architecture on the distilled set. */
  readonly search: SearchOptions;
  /** The steps of `ncfm continual`. */
  readonly continual: ContinualOptions;
}

/** Chunks as they are asked for; 'auto' is chosen by the memory, see `chooseChunks`. */
export type ChunkChoice = { readonly [name in keyof TaskChunks]: number | 'auto' };

export interface DatasetChoice {
  /** A dataset known by name; else `path` is given. */
  readonly name?: string;
  /** Data of one's own: a folder of class folders, or a file. */
  readonly path?: string;
  /** Folder that holds a named dataset; the usual places when absent. */
  readonly root?: string;
  /** Which of a dataset's two sets of labels, where it has two; the fine ones when absent. */
  readonly labels?: 'fine' | 'coarse';
  /** Side in pixels of pictures that are decoded. */
  readonly size: number | 'auto';
  /** Channels of pictures that are decoded. */
  readonly channels: 1 | 3 | 'auto';
  /** Share held out for testing where the data has no test part, in (0, 1). */
  readonly testShare: number;
  /** Damaged pictures: `stop` tells all of them in an error, `skip` leaves them out. */
  readonly onDamaged: 'stop' | 'skip';
  /**
   * Share of the training images held out, in [0, 1). When above 0 every accuracy is measured on them instead of the
   * test images: settings are to be chosen this way, so that test data stays unseen.
   */
  readonly validation: number;
}

/** How long networks are trained on all real images, and how many. */
export interface WholeDataOptions {
  readonly epochs: number;
  readonly networks: number;
}

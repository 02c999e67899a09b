import type { Artifacts, Normalization } from '../core/index.js';
import type { Dataset } from '../data/index.js';
import type { ModelOptions } from '../models/index.js';
import type { EventSink } from '../run/index.js';
import type { RandomGenerator } from '../tensor/index.js';
import type { TrainingLength, TrainOptions } from '../train/train.js';
import type { SeedResult, SetResult } from './results.js';
import type { LabelOptions } from './soft-labels/options.js';
import type { Teacher } from './soft-labels/teacher.js';
import type { TrainingImages } from './training-images.js';

export interface EvaluateOptions extends TrainOptions {
  /** How long each network is trained; epochs count passes over the decoded distilled set, in full batches. */
  readonly length: TrainingLength;
  /**
   * Whose learning rate networks are trained at: that of `optimizer` (`given`, when left out), or the step size that the
   * distilled set has learned, for the sets beside it too.
   */
  readonly rate?: 'given' | 'set';
  /** Networks trained from scratch per set, each with its own seed. */
  readonly seeds: number;
  /** What networks learn the classes from. */
  readonly labels: LabelOptions;
  readonly curve: CurveOptions;
  /** Networks trained at once, each in a process of its own; see `chooseWorkers`. 1, in this process, when left out. */
  readonly concurrency?: number | 'auto';
}

/** The learning curve: how good a network is while it is trained. */
export interface CurveOptions {
  /** Times that a network is tested on its way, evenly spaced; the test after the last step is one of them. */
  readonly points: number;
  /**
   * Real training images on which each point is measured too, so that a point can be chosen without the test images (but
   * by images that were distilled from: they are not held out). 0 for none.
   */
  readonly trainingImages: number;
}

export interface EvaluateRequest {
  /** What the set is called in events: 'random', 'start', 'distilled' or any other name. */
  readonly set: string;
  /** The images that the network of seed 1, 2, … trains on; they stay the caller's. */
  readonly data: (seed: number) => TrainingImages;
  /** What differs between the networks beside their seeds; nothing when left out. */
  readonly varies?: SetResult['varies'];
  readonly normalization: Normalization;
  readonly test: Dataset;
  /** Real training images for the learning curve; see `CurveOptions`. */
  readonly trainingSample?: Dataset | undefined;
  readonly model: ModelOptions;
  /** Steps per network, the same for all sets that are compared; see `trainingSteps`. */
  readonly steps: number;
  readonly testAtOnce?: number | undefined;
  readonly options: EvaluateOptions;
  /** Gives the soft labels, unless `options.labels` are hard, or static ones come with the images. */
  readonly teacher?: Teacher | undefined;
  /** Seed k of every set starts from the same network; sets of equal size see the same order of batches. */
  readonly random: RandomGenerator;
  /** Keeps each network's figures, and gives those that are there already; nothing is kept without it. */
  readonly finished?: Artifacts | undefined;
  /** Processes that train the networks, several at once; the caller's. They are trained here, one by one, without. */
  readonly workers?: SeedTrainer | undefined;
  readonly onEvent: EventSink;
  readonly signal?: AbortSignal | undefined;
}

/** Trains and tests the network of one seed somewhere else, as `evaluateSeed` does in this process. */
export interface SeedTrainer {
  /** Threads of the engine's operators that each network is trained with. */
  readonly threads: number;
  train(request: EvaluateRequest, seed: number): Promise<SeedResult>;
}

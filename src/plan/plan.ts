import type { EvaluateOptions } from '../evaluate/request.js';
import type { AnyDistillOptions } from '../methods/registry.js';
import type { ModelOptions } from '../models/index.js';
import type { PretrainOptions } from '../train/pretrain-request.js';
import type { Config } from './schema/configuration.js';

type ReadOnly<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends readonly unknown[]
    ? Readonly<T>
    : { readonly [Key in keyof T]: ReadOnly<T[Key]> };

type Resolved = 'threads' | 'model' | 'student' | 'pretrain' | 'distill' | 'evaluate';

/**
 * Everything that determines a run: what a configuration file, a preset or options in code resolve to, every default
 * written out. Its keys are those of the schema; the sections of tasks are what these take.
 */
export interface Plan extends Omit<ReadOnly<Config>, Resolved> {
  /** Threads of the engine's operators. */
  readonly threads: number;
  /** The feature extractors' architecture. */
  readonly model: ModelOptions;
  /** Architecture of the networks that are trained on the distilled set. */
  readonly student: ModelOptions;
  readonly pretrain: PretrainOptions;
  readonly distill: AnyDistillOptions;
  readonly evaluate: EvaluateOptions;
}

/** Which data, and how it is divided. */
export type DatasetChoice = Plan['dataset'];

/** How an architecture is searched for; see `searchArchitectures`. */
export type SearchOptions = Plan['search'];

/** ConvNets: every combination of one value from each list. */
export type SearchSpace = SearchOptions['space'];

/**
 * Successive halving (Jamieson & Talwalkar, 2016): in each of `rounds` rounds networks are trained from scratch, in the
 * last for all steps and in each before it for 1/factor of those of the next; the best 1/factor go on to the next round.
 * One round trains every architecture for all steps.
 */
export type HalvingOptions = SearchOptions['halving'];

/** Class-incremental learning: the classes come in steps, and of each step only the images in a memory stay. */
export type ContinualOptions = Plan['continual'];

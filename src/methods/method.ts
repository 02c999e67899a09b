import type { z } from 'zod';
import type { CodeIdentity } from '../core/definitions.js';
import type { ImageShape } from '../core/image-shape.js';
import type { Dataset } from '../data/index.js';
import type { Chunks } from '../distill/chunks.js';
import type { Formation } from '../distill/formation.js';
import type { Initialization, SyntheticImages } from '../distill/synthetic.js';
import type { ProcessGroup } from '../distributed/index.js';
import type { ImageModel } from '../models/index.js';
import type { RandomGenerator, Tensor } from '../tensor/index.js';
import type { ExtractorPool } from '../train/extractors.js';
import type { PretrainOptions, Recording } from '../train/pretrain-request.js';

/** The options that every method has; each adds its own. */
export interface DistillOptions {
  readonly method: string;
  /** The version of the code of a method of one's own, filled in. */
  readonly version?: string;
  /** The budget: stored images per class. */
  readonly imagesPerClass: number;
  readonly formation: Formation;
  readonly initialization: Initialization;
  readonly iterations: number;
}

/**
 * A way to distil a dataset. Whatever plays, keeps, tells, draws or tests a distillation knows methods by this alone.
 */
export interface Method<Options extends DistillOptions = DistillOptions> extends CodeIdentity {
  /** As configurations have it: `ncfm`. */
  readonly name: string;
  /** As charts and documents have it: `NCFM`. */
  readonly title: string;
  /** What the images descend, or a choice of images makes small, in words: `discrepancy`. */
  readonly loss: string;
  /**
   * What pretraining provides: nothing, a pool of networks, each before and after its training, or such a pool with the
   * networks after every epoch. With `training` it provides nothing, and the start itself trains a network as one of a
   * pool is trained.
   */
  readonly material: 'none' | 'training' | 'pool' | 'trajectories';
  /** The `distill` mapping of a configuration that names this method. */
  readonly schema: z.ZodType<Options>;
  /** What is not stated in a configuration; in the form that configurations have. */
  readonly defaults: { readonly [option: string]: unknown };
  /** How its networks are trained where a configuration does not say: some of the `pretrain` mapping. */
  readonly pretrain?: { readonly [option: string]: unknown };
  /** Where the networks of a pool, its material, are wanted on the way of their training; nowhere if left out. */
  recording?(options: Options): Recording | undefined;
  /** For how many epochs it follows the networks' training, where its material is trajectories; 1 if left out. */
  epochs?(options: Options): number;
  /** Options that are right one by one and contradict each other, or the number of networks that are pretrained. */
  problems?(
    options: Options,
    pretrain: Pick<PretrainOptions, 'networks'>,
  ): readonly OptionProblem[];
  /** Throws UsageError for a network that the method cannot work with. */
  requireNetwork?(network: ImageModel, options: Options): void;
  /** Real images of each class that an iteration draws. */
  realPerClass(options: Options): number;
  /** Images that a class must have. Throws UsageError for options that do not go with images of this shape. */
  requirements?(options: Options, shape: ImageShape): readonly ImageRequirement[];
  /**
   * Where iterations are of several kinds, for measuring them: options with which each kind comes once in turn, and how
   * many of each there are in the whole distillation.
   */
  kinds?(options: Options): { readonly options: Options; readonly counts: readonly number[] };
  /** Makes the images as they are before the first iteration. The caller disposes the distiller and owns its images. */
  start(input: MethodInput<Options>): Promise<Distiller>;
}

export interface OptionProblem {
  /** Keys and positions below `distill`. */
  readonly path: readonly (string | number)[];
  /** What was expected and what was found. */
  readonly text: string;
}

export interface ImageRequirement {
  readonly images: number;
  /** To be read after a number of images: `for 40 clusters`. */
  readonly purpose: string;
}

export interface MethodInput<Options extends DistillOptions = DistillOptions> {
  readonly dataset: Dataset;
  readonly options: Options;
  /** There unless the method's material is none, with trajectories where it is these; the caller's. */
  readonly pool?: ExtractorPool | undefined;
  /** A new network of the extractors' architecture, initialised by `random`, or in any way when that is left out. */
  readonly buildModel: (random?: RandomGenerator) => ImageModel;
  /** How networks of a pool are trained; there where the method's material is `training`. */
  readonly pretrain?: PretrainOptions | undefined;
  /** The processes that distil together; every one of them does all where the method cannot share its work. */
  readonly group?: ProcessGroup | undefined;
  /** How much is worked on at once; chosen by the method where it is left out. */
  readonly chunks?: Partial<Chunks> | undefined;
  readonly random: RandomGenerator;
  readonly signal?: AbortSignal | undefined;
}

export interface Distiller extends Disposable {
  /**
   * The images as they are now; of a distillation that processes share, those of this one's classes, and the others' as they
   * were at the last `synchronize`. Disposed by their owner, not with the distiller.
   */
  readonly synthetic: SyntheticImages;
  readonly iteration: number;
  /** One iteration. Throws NonFiniteError when it has no number for a loss or gradient, and leaves the images alone. */
  step(): StepReport;
  /**
   * Whether `stepAhead` is there and can take the place of `step`; absent or false where something waits for the numbers of
   * each iteration.
   */
  readonly goesAhead?: boolean;
  /**
   * One iteration that the host does not wait for where a GPU computes it. What it returns gives the report, and waits or
   * throws NonFiniteError then; the images are as they would be after `step`, but that an iteration without a number is
   * counted.
   */
  stepAhead?(): () => StepReport;
  /** Brings all images up to date; to be called in all processes of the group. Absent where they always are. */
  synchronize?(): void;
  /**
   * Enough to go on exactly, in any number of processes; to be asked in all of them, within a scope, which owns what is new
   * among the tensors.
   */
  getState(): DistillerState;
  /** Goes on from a state (values are copied). Throws UsageError when it is another distillation's. */
  setState(state: DistillerState): void;
}

export interface StepReport {
  /**
   * What the images descend, before the step, or a choice of them has made small; may be no number where the iteration was
   * left out.
   */
  readonly loss: number;
  /** Other figures by their names; those whose name ends with `Loss` are shown beside the loss. */
  readonly terms: Readonly<Record<string, number>>;
  /** Absent where nothing is learnt. */
  readonly learningRate?: number;
  /** The loss or gradient was not a number, so that nothing was moved. */
  readonly skipped?: true;
  /** What the user should know, told once of each kind. */
  readonly warnings?: readonly { readonly kind: string; readonly message: string }[];
}

/** A distillation taken apart: tensors by name, and values that JSON can hold. */
export interface DistillerState {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly values: object;
}

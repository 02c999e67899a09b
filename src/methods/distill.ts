import { breathe } from '../core/event-loop.js';
import type { Dataset } from '../data/index.js';
import {
  type Chunks,
  decodedPerClass,
  type Formation,
  type Initialization,
  initializeSynthetic,
  NonFiniteError,
  type SyntheticImages,
} from '../distill/index.js';
import type { ImageModel } from '../models/index.js';
import type { EventSink } from '../run/index.js';
import type { RandomGenerator } from '../tensor/index.js';
import type { ExtractorPool } from '../train/index.js';
import type { DistillCheckpoints } from './distill-checkpoints.js';
import { DistillGuards } from './guards.js';
import { clusterClasses } from './ncfm/clusters.js';
import { Condenser } from './ncfm/condenser.js';
import type { CondenseOptions, IterationReport } from './ncfm/options.js';

export interface DistillOptions extends CondenseOptions {
  readonly imagesPerClass: number;
  readonly formation: Formation;
  readonly initialization: Initialization;
}

export interface DistillRequest {
  readonly train: Dataset;
  readonly pool: ExtractorPool;
  /** Builds a network of the pool's architecture. */
  readonly buildModel: () => ImageModel;
  readonly options: DistillOptions;
  /** How much is worked on at once. */
  readonly chunks?: Partial<Chunks> | undefined;
  readonly random: RandomGenerator;
  readonly onEvent: EventSink;
  readonly signal?: AbortSignal | undefined;
  /** Keeps the game from time to time, and has it go on from where it was kept last. */
  readonly checkpoints?: DistillCheckpoints | undefined;
  /**
   * Called with the images before the first iteration (0), and after every iteration with its number; in a game that
   * goes on, first with the number of iterations done.
   */
  readonly onImages?: (iteration: number, synthetic: SyntheticImages) => Promise<void> | void;
}

/** Distils a dataset: starts the synthetic images and plays the game for all iterations. The caller owns the images. */
export async function distill(request: DistillRequest): Promise<SyntheticImages> {
  const { train, pool, buildModel, options, random, onEvent, signal } = request;
  const perClass = decodedPerClass(options.formation, options.imagesPerClass);
  const clusters =
    options.matching.strategy === 'stratified'
      ? await clusterClasses({
          dataset: train,
          pool,
          buildModel,
          perClass,
          groups: options.matching.groups,
          imagesAtOnce: request.chunks?.real,
          random: random.derive('clusters'),
          signal,
        })
      : undefined;
  const synthetic = initializeSynthetic(train, {
    imagesPerClass: options.imagesPerClass,
    formation: options.formation,
    initialization: options.initialization,
    random: random.derive('start'),
    ...(clusters && options.initialization.kind === 'mix' ? { candidates: clusters } : {}),
  });
  onEvent({
    type: 'distill-start',
    iterations: options.iterations,
    imagesPerClass: options.imagesPerClass,
    classes: synthetic.classes,
    storedImages: synthetic.images.size(0),
    decodedImages: synthetic.classes * synthetic.decodedPerClass,
  });
  try {
    await play(request, synthetic, clusters);
    return synthetic;
  } catch (error) {
    synthetic.dispose();
    throw error;
  }
}

/** Plays all iterations of the game on images that are at their start. */
async function play(
  request: DistillRequest,
  synthetic: SyntheticImages,
  clusters: readonly Int32Array[] | undefined,
): Promise<void> {
  const { train, pool, buildModel, options, chunks, random, checkpoints, onImages } = request;
  using condenser = new Condenser({
    dataset: train,
    synthetic,
    pool,
    buildModel,
    options,
    random: random.derive('condense'),
    ...(clusters ? { clusters } : {}),
    ...(chunks ? { chunks } : {}),
  });
  checkpoints?.restore(condenser);
  const guards = new DistillGuards({ classNames: train.classNames, onEvent: request.onEvent });
  await onImages?.(condenser.iteration, synthetic);
  while (condenser.iteration < options.iterations) await playOnce(request, condenser, guards);
  guards.finish();
}

/** One iteration, told and kept. A game that is to stop is kept first. */
async function playOnce(
  { options, checkpoints, onEvent, onImages, signal }: DistillRequest,
  condenser: Condenser,
  guards: DistillGuards,
): Promise<void> {
  const started = performance.now();
  const report = stepOrDiagnose(condenser, checkpoints);
  const { fineTuneLoss, ...told } = report;
  onEvent({
    type: 'distill-iteration',
    iteration: condenser.iteration,
    iterations: options.iterations,
    ...told,
    ...(fineTuneLoss === undefined ? {} : { fineTuneLoss }),
    seconds: (performance.now() - started) / 1000,
  });
  guards.afterStep(report, condenser.iteration, condenser.synthetic);
  await onImages?.(condenser.iteration, condenser.synthetic);
  checkpoints?.afterStep(condenser, report, options.iterations);
  try {
    await breathe(signal);
  } catch (stop) {
    checkpoints?.save(condenser);
    throw stop;
  }
}

/** One step; where it has no number for a loss or gradient, what led to it is stored for a look at it. */
function stepOrDiagnose(
  condenser: Condenser,
  checkpoints: DistillCheckpoints | undefined,
): IterationReport {
  try {
    return condenser.step();
  } catch (error) {
    if (error instanceof NonFiniteError) checkpoints?.diagnose(condenser, error);
    throw error;
  }
}

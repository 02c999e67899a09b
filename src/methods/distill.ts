import { yieldToEvents } from '../core/event-loop.js';
import type { Dataset } from '../data/index.js';
import { NonFiniteError } from '../distill/non-finite.js';
import type { SyntheticImages } from '../distill/synthetic.js';
import type { EventSink } from '../run/index.js';
import type { DistillCheckpoints } from './distill-checkpoints.js';
import { DistillGuards } from './guards.js';
import type { Distiller, MethodInput, StepReport } from './method.js';
import { methodOf } from './registry.js';

export interface DistillRequest extends Omit<MethodInput, 'dataset'> {
  readonly train: Dataset;
  readonly onEvent: EventSink;
  readonly checkpoints?: DistillCheckpoints | undefined;
  /**
   * Called with the images before the first iteration (0), and after every iteration with its number; in a distillation
   * that goes on, first with the number of iterations done.
   */
  readonly onImages?: (iteration: number, synthetic: SyntheticImages) => Promise<void> | void;
}

/** Distils a dataset by the method that the options name, for all iterations. The caller owns the images. */
export async function distill(request: DistillRequest): Promise<SyntheticImages> {
  const { train, options, checkpoints, onEvent, onImages } = request;
  using distiller = await methodOf(options.method).start({ ...request, dataset: train });
  const { synthetic } = distiller;
  try {
    onEvent({
      type: 'distill-start',
      method: options.method,
      iterations: options.iterations,
      imagesPerClass: options.imagesPerClass,
      classes: synthetic.classes,
      storedImages: synthetic.images.size(0),
      decodedImages: synthetic.classes * synthetic.decodedPerClass,
    });
    checkpoints?.restore(distiller);
    const guards = new DistillGuards({
      classNames: train.classNames,
      loss: methodOf(options.method).loss,
      onEvent,
    });
    await onImages?.(distiller.iteration, synthetic);
    while (distiller.iteration < options.iterations) await stepOnce(request, distiller, guards);
    guards.finish();
    return synthetic;
  } catch (error) {
    synthetic.dispose();
    throw error;
  }
}

/** One iteration, told and kept. A distillation that is to stop is kept first. */
async function stepOnce(
  { options, checkpoints, onEvent, onImages, signal }: DistillRequest,
  distiller: Distiller,
  guards: DistillGuards,
): Promise<void> {
  const started = performance.now();
  const report = stepOrDiagnose(distiller, checkpoints);
  const { warnings: _, ...told } = report;
  onEvent({
    type: 'distill-iteration',
    iteration: distiller.iteration,
    iterations: options.iterations,
    ...told,
    seconds: (performance.now() - started) / 1000,
  });
  guards.afterStep(report, distiller.iteration, distiller.synthetic);
  await onImages?.(distiller.iteration, distiller.synthetic);
  checkpoints?.afterStep(distiller, report, options.iterations);
  try {
    await yieldToEvents(signal);
  } catch (stop) {
    checkpoints?.save(distiller);
    throw stop;
  }
}

/** One step; where it has no number for a loss or gradient, what led to it is stored for a look at it. */
function stepOrDiagnose(
  distiller: Distiller,
  checkpoints: DistillCheckpoints | undefined,
): StepReport {
  try {
    return distiller.step();
  } catch (error) {
    if (error instanceof NonFiniteError) checkpoints?.diagnose(distiller, error);
    throw error;
  }
}

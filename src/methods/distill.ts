import { yieldToEvents } from '../core/event-loop.js';
import type { Dataset } from '../data/index.js';
import { NonFiniteError } from '../distill/non-finite.js';
import type { SyntheticImages } from '../distill/synthetic.js';
import { PeerFailure, type ProcessGroup } from '../distributed/index.js';
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
  /** The iterations for which `onImages` is called; all when left out. */
  readonly imagesDue?: (iteration: number) => boolean;
}

/** Distils a dataset by the method that the options name, for all iterations. The caller owns the images. */
export async function distill(request: DistillRequest): Promise<SyntheticImages> {
  const { train, options, checkpoints, group, onEvent } = request;
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
    await showImages(request, distiller);
    const before = { iteration: distiller.iteration, bytes: group?.bytesSent ?? 0 };
    while (distiller.iteration < options.iterations) await stepOnce(request, distiller, guards);
    guards.finish();
    if (group !== undefined) {
      const iterations = distiller.iteration - before.iteration;
      const bytes = group.bytesSent - before.bytes;
      onEvent({ type: 'distill-shared', processes: group.size, iterations, bytes });
    }
    distiller.synchronize?.();
    return synthetic;
  } catch (error) {
    synthetic.dispose();
    throw error;
  }
}

async function showImages(
  { onImages, imagesDue = () => true }: DistillRequest,
  distiller: Distiller,
): Promise<void> {
  if (onImages === undefined || !imagesDue(distiller.iteration)) return;
  distiller.synchronize?.();
  await onImages(distiller.iteration, distiller.synthetic);
}

/** One iteration, told and kept. A distillation that is to stop is kept first. */
async function stepOnce(
  request: DistillRequest,
  distiller: Distiller,
  guards: DistillGuards,
): Promise<void> {
  const { options, checkpoints, onEvent, group, signal } = request;
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
  guards.afterStep(report, distiller);
  await showImages(request, distiller);
  checkpoints?.note(report);
  await yieldToEvents();
  const due = checkpoints?.isDue(distiller.iteration, options.iterations) ?? false;
  const [keep, stop] = anyOf(group, [due, signal?.aborted ?? false]);
  if (keep || stop) checkpoints?.save(distiller);
  if (!stop) return;
  signal?.throwIfAborted();
  throw new PeerFailure('another process of the group was told to stop', false);
}

/** Which of some conditions any process of the group has: all of them go on, or stop, together. */
function anyOf(group: ProcessGroup | undefined, conditions: readonly boolean[]): boolean[] {
  if (group === undefined) return [...conditions];
  return group.sumNumbers(conditions.map(Number)).map((count) => count > 0);
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

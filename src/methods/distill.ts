import { yieldToEvents } from '../core/event-loop.js';
import { type Dataset, keepResident } from '../data/index.js';
import { NonFiniteError } from '../distill/non-finite.js';
import type { SyntheticImages } from '../distill/synthetic.js';
import { PeerFailure, type ProcessGroup } from '../distributed/index.js';
import type { EventSink } from '../run/index.js';
import { usualReadEvery } from '../tensor/index.js';
import type { DistillCheckpoints } from './distill-checkpoints.js';
import { DistillGuards } from './guards.js';
import { Iterations } from './iterations.js';
import type { Distiller, MethodInput } from './method.js';
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
  /**
   * Iterations whose losses are read, told and judged together, for a GPU stands still at each reading: what is watched for
   * is noticed so much later. Left out: 1 on the CPU, 50 on a GPU. Before images are shown or kept all are read.
   */
  readonly readEvery?: number | undefined;
  /** The iterations for which `onImages` is called; all when left out. */
  readonly imagesDue?: (iteration: number) => boolean;
}

/** Distils a dataset by the method that the options name, for all iterations. The caller owns the images. */
export async function distill(request: DistillRequest): Promise<SyntheticImages> {
  const { train, options, checkpoints, group, onEvent } = request;
  const { readEvery = usualReadEvery(request.random.device) } = request;
  using _pixels = keepResident(train, request.random.device);
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
    const iterations = new Iterations(distiller, readEvery);
    const playing = { request, distiller, iterations, guards };
    while (distiller.iteration < options.iterations) await stepOnce(playing);
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

interface Playing {
  readonly request: DistillRequest;
  readonly distiller: Distiller;
  readonly iterations: Iterations;
  readonly guards: DistillGuards;
}

/** One iteration, told and kept, or told later with others. A distillation that is to stop is kept first. */
async function stepOnce(playing: Playing): Promise<void> {
  const { request, distiller, iterations } = playing;
  const { options, checkpoints, group, signal, onImages, imagesDue = () => true } = request;
  diagnosed(request, distiller, () => iterations.play());
  const { iteration } = distiller;
  const shown = onImages !== undefined && imagesDue(iteration);
  if (iterations.isDue || shown || iteration >= options.iterations) tellIterations(playing);
  await showImages(request, distiller);
  await yieldToEvents();
  const due = checkpoints?.isDue(iteration, options.iterations) ?? false;
  const [keep, stop] = anyOf(group, [due, signal?.aborted ?? false]);
  if (keep || stop) {
    tellIterations(playing);
    checkpoints?.save(distiller);
  }
  if (!stop) return;
  signal?.throwIfAborted();
  throw new PeerFailure('another process of the group was told to stop', false);
}

function tellIterations({ request, distiller, iterations, guards }: Playing): void {
  const { options, checkpoints, onEvent } = request;
  diagnosed(request, distiller, () => {
    for (const { iteration, report, seconds } of iterations.reports()) {
      const { warnings: _, ...told } = report;
      const { iterations } = options;
      onEvent({ type: 'distill-iteration', iteration, iterations, ...told, seconds });
      guards.afterStep(report, {
        iteration,
        synthetic: distiller.synthetic,
        synchronize: () => distiller.synchronize?.(),
      });
      checkpoints?.note(report);
    }
  });
}

/** Which of some conditions any process of the group has: all of them go on, or stop, together. */
function anyOf(group: ProcessGroup | undefined, conditions: readonly boolean[]): boolean[] {
  if (group === undefined) return [...conditions];
  return group.sumNumbers(conditions.map(Number)).map((count) => count > 0);
}

/** Where an iteration has no number for a loss or gradient, what led to it is stored for a look at it. */
function diagnosed({ checkpoints }: DistillRequest, distiller: Distiller, play: () => void): void {
  try {
    play();
  } catch (error) {
    if (error instanceof NonFiniteError) checkpoints?.diagnose(distiller, error);
    throw error;
  }
}

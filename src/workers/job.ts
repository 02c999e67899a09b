import type { EvaluateRequest } from '../evaluate/request.js';
import type { SeedResult } from '../evaluate/results.js';
import type { RunEvent } from '../run/index.js';

/**
 * A network to be trained and tested by a worker process: an `EvaluateRequest` and a seed as JSON, with the images in
 * files. It does not depend on who does it, and may be done twice.
 */
export interface TrainingJob
  extends Pick<EvaluateRequest, 'set' | 'normalization' | 'model' | 'steps' | 'options'> {
  readonly seed: number;
  /** A file of tensors (images, labels, probabilities), or the folder of a stored dataset. */
  readonly images: { readonly kind: 'tensors' | 'dataset'; readonly path: string };
  /** Folders of stored datasets. */
  readonly test: string;
  readonly trainingSample?: string;
  /** Modules that define what the job names of the user's own. */
  readonly imports: readonly string[];
  readonly testAtOnce?: number;
  readonly random: { readonly seed: number; readonly device: string };
}

export type ToWorker = { readonly job: TrainingJob };

export type FromWorker =
  | { readonly type: 'event'; readonly event: RunEvent }
  | { readonly type: 'done'; readonly result: SeedResult }
  | { readonly type: 'failed'; readonly error: WorkerError };

/** An error that a job came to, as JSON. */
export interface WorkerError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
}

export function jobName({ set, seed }: Pick<TrainingJob, 'set' | 'seed'>): string {
  return `the training of ${set}, seed ${seed}`;
}

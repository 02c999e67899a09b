import { join } from 'node:path';
import { describeDifferences, differences, UsageError } from '../core/index.js';
import type { TaskChunks } from '../distill/chunks.js';
import type { NonFiniteError } from '../distill/index.js';
import { broadcastState, type ProcessGroup } from '../distributed/index.js';
import { type Checkpoint, Checkpoints, type EventSink } from '../run/index.js';
import { saveSafetensors, scope, type Tensor, tensor } from '../tensor/index.js';
import { type CheckpointInterval, CheckpointTimer } from '../train/checkpoint-interval.js';
import type { Distiller, StepReport } from './method.js';

export interface DistillCheckpointsOptions {
  readonly folder: string;
  /** Everything that the distillation depends on: a checkpoint of anything else is refused, naming what differs. */
  readonly identity: object;
  /** What is worked on at once; one that goes on keeps its own, on which its last digits depend. */
  readonly chunks: TaskChunks;
  readonly interval: CheckpointInterval;
  /** Go on from a checkpoint of another identity, as far as its tensors fit. */
  readonly acceptChanges?: boolean | undefined;
  /** The processes that distil together: the first of them reads and writes, for any number of them. */
  readonly group?: ProcessGroup | undefined;
  readonly onEvent: EventSink;
}

interface Values {
  readonly chunks: TaskChunks;
  readonly state: object;
}

/** Keeps a distillation on disk from time to time, so that it goes on exactly where it was. */
export class DistillCheckpoints implements Disposable {
  readonly chunks: TaskChunks;
  readonly #options: DistillCheckpointsOptions;
  readonly #checkpoints: Checkpoints;
  readonly #timer: CheckpointTimer;
  readonly #losses: number[] = [];
  #stored: (Checkpoint<Values> & { readonly path: string }) | undefined;

  /** Throws UsageError when there is a checkpoint of another identity, and changes are not accepted. */
  constructor(options: DistillCheckpointsOptions) {
    this.#options = options;
    this.#timer = new CheckpointTimer(options.interval);
    this.#checkpoints = new Checkpoints(options.folder);
    this.#stored = this.#latest();
    try {
      this.#admit();
    } catch (error) {
      this.dispose();
      throw error;
    }
    const changed = options.acceptChanges || this.#stored === undefined;
    this.chunks = changed ? options.chunks : this.#stored!.values.chunks;
  }

  /** The loss of every iteration so far, those of earlier processes among them. */
  get losses(): readonly number[] {
    return this.#losses;
  }

  /** Puts a distillation that has not begun where the newest checkpoint was taken; leaves it alone when there is none. */
  restore(distiller: Distiller): void {
    const stored = this.#stored;
    if (stored === undefined) return;
    distiller.setState({ tensors: stored.tensors, values: stored.values.state });
    const { iteration } = distiller;
    // One by one: a long run has more of them than a call can have arguments.
    for (const value of stored.tensors.get(seriesName)!.toArray()) {
      this.#losses.push(Number(value));
    }
    this.#timer.kept(iteration);
    this.#options.onEvent({ type: 'distill-resume', iteration, path: stored.path });
    this.dispose();
  }

  #latest(): (Checkpoint<Values> & { readonly path: string }) | undefined {
    const { group, onEvent } = this.#options;
    const read = () =>
      this.#checkpoints.latest<Values>((path) =>
        onEvent({
          type: 'warning',
          message: `a checkpoint was damaged, and the one before it is used (${path})`,
        }),
      );
    if (group === undefined) return read();
    return broadcastState(group, group.isFirst ? read() : undefined);
  }

  /** Notes an iteration. */
  note({ loss }: StepReport): void {
    this.#losses.push(loss);
  }

  /** Whether the distillation's turn to be kept has come; the first process decides where there are several. */
  isDue(iteration: number, iterations: number): boolean {
    const { group } = this.#options;
    if (group !== undefined && !group.isFirst) return false;
    return this.#timer.due(iteration) || iteration === iterations;
  }

  /**
   * Keeps the distillation as it is now, unless that was done; to be called in all processes that distil together. Throws
   * FailureError when it cannot be written.
   */
  save(distiller: Distiller): void {
    const { iteration } = distiller;
    if (iteration === this.#timer.keptStep) return;
    const { identity, group } = this.#options;
    scope(() => {
      const { tensors, values: state } = distiller.getState();
      if (group !== undefined && !group.isFirst) return;
      const series = tensor(this.#losses, [this.#losses.length], 'float64');
      this.#checkpoints.save(iteration, {
        identity,
        tensors: new Map([...tensors, [seriesName, series]]),
        values: { chunks: this.chunks, state } satisfies Values,
      });
    });
    this.#timer.kept(iteration);
  }

  /** Deletes what was kept: its result is somewhere else. */
  clear(): void {
    this.#checkpoints.clear();
  }

  /** Stores where a step began that has no number for a loss or gradient, beside the checkpoints, and says so. */
  diagnose(distiller: Distiller, { step }: NonFiniteError): void {
    const path = join(this.#options.folder, `diagnosis-${step.iteration}.safetensors`);
    scope(() => {
      const { tensors } = distiller.getState();
      if (this.#options.group?.isFirst === false) return;
      // JSON has no word for what is not a number.
      const numbers = JSON.stringify(step, (_, value: unknown) =>
        typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
      );
      saveSafetensors(path, tensors, { format: 'ncfm-diagnosis', step: numbers });
    });
    const before = distiller.iteration === step.iteration - 1;
    const when = before
      ? `as they were before iteration ${step.iteration}`
      : `as they are after iteration ${distiller.iteration}, with nothing of ${step.iteration} in them,`;
    const message = `the images and their optimiser ${when} are in ${path}`;
    this.#options.onEvent({ type: 'warning', message });
  }

  #admit(): void {
    const { identity, acceptChanges = false, onEvent } = this.#options;
    if (this.#stored === undefined) return;
    const found = differences(this.#stored.identity, identity);
    if (found.length === 0) return;
    const what = `${this.#stored.path} belongs to a run with other versions, settings or data:\n${describeDifferences(found)}`;
    if (!acceptChanges) {
      throw new UsageError(
        `${what}\nGo on with what it was begun with, begin anew (--replace, or --name), or go on all the same (--accept-changes).`,
      );
    }
    onEvent({
      type: 'warning',
      message: `${what}\nIt goes on all the same: its images are not those of a run that had these from the start.`,
    });
  }

  /** Releases what was read and not restored. */
  dispose(): void {
    for (const value of this.#stored?.tensors.values() ?? ([] as Tensor[])) value.dispose();
    this.#stored = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

const seriesName = 'losses';

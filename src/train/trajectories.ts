import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { writeFailure } from '../core/files.js';
import { UsageError } from '../core/index.js';
import { flatten } from '../nn/index.js';
import { mapSafetensors, type Tensor } from '../tensor/index.js';
import { safetensorsHeader } from '../tensor/io.js';
import type { PretrainOptions, Recording } from './pretrain-request.js';
import { imagesPerBatch, trainingSteps } from './train.js';

/** The parameters of networks on the way of their training: before it, and after every part that was recorded. */
export interface Trajectories {
  readonly experts: number;
  /** Of each training; there is one more set of parameters. */
  readonly parts: number;
  /** SHA-256 (hex) over all of them. */
  readonly hash: string;
  /**
   * A copy of an expert's parameters after so many parts, one after the other in the order of `parameters()`: [P],
   * float32. Throws RangeError for an expert or a part that there is not.
   */
  row(expert: number, part: number): Tensor;
}

/** The steps after which a training of so many images is recorded, 0 first. Throws UsageError for one that is too short. */
export function recordedSteps(
  options: PretrainOptions,
  images: number,
  recording: Recording,
): number[] {
  if (recording.kind === 'epochs') return epochEnds(options, images);
  const steps = trainingSteps(options, images);
  const { parts } = recording;
  if (parts <= steps) {
    return Array.from({ length: parts + 1 }, (_, part) => Math.round((part * steps) / parts));
  }
  throw new UsageError(
    `the networks are wanted as they are after each of ${parts} parts of their training, which has ${steps} steps; use a greater pretrain.length or fewer parts`,
  );
}

/** The steps after which the epochs of a training end, 0 first. Throws UsageError for a training of less than one. */
export function epochEnds(options: PretrainOptions, images: number): number[] {
  const steps = trainingSteps(options, images);
  const batchSize = imagesPerBatch(options.batchSize, images);
  const perEpoch = images / batchSize;
  const ends = [0];
  const next = () => Math.round(ends.length * perEpoch);
  if (perEpoch >= 1) while (next() <= steps) ends.push(next());
  if (ends.length > 1) return ends;
  throw new UsageError(
    `the networks are wanted as they are after every epoch, and are trained for ${steps} steps of ${batchSize} images, which is less than one epoch of ${images}; use a greater pretrain.length or a smaller pretrain.batchSize`,
  );
}

/** The file of a network's trajectory, beside its own. */
export function trajectoryPath(network: string): string {
  return network.replace(/\.safetensors$/, '-epochs.safetensors');
}

const matrix = 'epochs';

/** Trajectories in files, one for each expert, of which one row at a time is read. */
export function storedTrajectories(paths: readonly string[], device: string): Trajectories {
  const matrices = paths.map((path) => mapSafetensors(path, matrix));
  const parts = matrices[0]!.shape[0]! - 1;
  let hash: string | undefined;
  const hashed = (): string => {
    const all = createHash('sha256');
    for (const { rowBytes } of matrices)
      for (let row = 0; row <= parts; row++) all.update(rowBytes(row));
    return all.digest('hex');
  };
  return {
    experts: matrices.length,
    parts,
    get hash() {
      hash ??= hashed();
      return hash;
    },
    row(expert, part) {
      const found = matrices[expert];
      if (found === undefined) {
        throw new RangeError(`there are ${paths.length} experts, there is no expert ${expert}`);
      }
      return found.row(part, device);
    },
  };
}

/**
 * Writes a trajectory row by row: one float32 matrix 'epochs' [K + 1, P], with the parameters' names and shapes in the
 * metadata. Each row is on disk before the training goes on, so that one that is resumed finds those that it has passed.
 */
export class TrajectoryWriter {
  readonly #path: string;
  readonly #ends: readonly number[];
  readonly #header: Buffer;
  readonly #rowBytes: number;

  /** @param ends the steps after which there is a row */
  constructor(path: string, parameters: ReadonlyMap<string, Tensor>, ends: readonly number[]) {
    this.#path = path;
    this.#ends = ends;
    const shapes = [...parameters].map(([name, { shape }]) => ({ name, shape }));
    const length = [...parameters.values()].reduce((sum, value) => sum + value.length, 0);
    this.#header = safetensorsHeader(
      [{ name: matrix, dtype: 'float32', shape: [ends.length, length] }],
      { format: 'ncfm-trajectory', parameters: JSON.stringify(shapes) },
    );
    this.#rowBytes = length * 4;
  }

  /** Makes room for all rows, and tells whether that was there, with the rows that an earlier process has written. */
  open(): boolean {
    const size = this.#header.length + this.#ends.length * this.#rowBytes;
    const there = statSync(this.#path, { throwIfNoEntry: false })?.size === size;
    if (!there) rmSync(this.#path, { force: true });
    this.#writeAt(0, this.#header, there ? 'r+' : 'w');
    truncateSync(this.#path, size);
    return there;
  }

  /** Keeps the parameters after a step, if it ends a part. Throws FailureError when they cannot be written. */
  afterStep(step: number, parameters: readonly Tensor[]): void {
    const row = this.#ends.indexOf(step);
    if (row < 0) return;
    using flat = flatten(parameters);
    this.#writeAt(this.#header.length + row * this.#rowBytes, flat.toBytes(), 'r+');
  }

  #writeAt(position: number, bytes: Uint8Array, flags: string): void {
    try {
      const file = openSync(this.#path, flags);
      try {
        for (let done = 0; done < bytes.length; )
          done += writeSync(file, bytes, done, undefined, position + done);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    } catch (cause) {
      throw writeFailure(this.#path, cause);
    }
  }
}

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FailureError, UsageError } from '../core/errors.js';
import { makeFolder } from '../core/index.js';
import {
  hashTensors,
  loadSafetensors,
  saveSafetensors,
  scope,
  type Tensor,
} from '../tensor/index.js';

/** A stored state of a long computation. */
export interface Checkpoint<Values = unknown> {
  /** What it belongs to: versions, settings, data. Going on with others would end elsewhere. */
  readonly identity: object;
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** What JSON can hold. */
  readonly values: Values;
}

/** Raised when earlier versions' files must not be read any more. */
const formatVersion = '1';

/** Files kept: the newest, and one to fall back on. */
const kept = 2;

const fileName = /^checkpoint-(\d{10})\.safetensors$/;

/**
 * Checkpoints of one computation, in a folder: whole files, written beside and renamed, with a checksum inside. A new
 * one is read back before older ones are deleted, and the one before it is kept.
 */
export class Checkpoints {
  readonly #folder: string;

  /** The folder is made when the first checkpoint is written; the one that holds it must be there. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Writes the checkpoint of a step; the tensors stay the caller's. Returns its path.
   * @throws FailureError when it cannot be written, or does not read back as it was written; earlier ones are then
   *   still there.
   */
  save(step: number, checkpoint: Checkpoint): string {
    makeFolder(this.#folder, { parents: false });
    const path = this.#path(step);
    const { identity, tensors, values } = checkpoint;
    const content = JSON.stringify({ identity, values });
    const checksum = checksumOf(content, tensors);
    saveSafetensors(path, tensors, { format: 'ncfm-checkpoint', formatVersion, checksum, content });
    if (!scope(() => readCheckpoint(path) !== undefined)) {
      rmSync(path, { force: true });
      throw new FailureError(
        `${path} does not hold what was written to it: the disk is not to be relied on. The checkpoint before it is kept.`,
      );
    }
    for (const older of this.#steps().slice(kept)) rmSync(this.#path(older), { force: true });
    return path;
  }

  /**
   * The newest checkpoint that is whole; undefined when there is none. The tensors are the caller's.
   * @param onDamaged is told where each newer one has been put that is not
   * @throws UsageError when the newest is another version's
   */
  latest<Values>(
    onDamaged: (path: string) => void = () => {},
  ): (Checkpoint<Values> & { readonly path: string }) | undefined {
    for (const step of this.#steps()) {
      const path = this.#path(step);
      const found = readCheckpoint<Values>(path);
      if (found !== undefined) return { ...found, path };
      // Another process that trains the same network may have deleted it meanwhile.
      if (!existsSync(path)) continue;
      const aside = `${path}.damaged`;
      renameSync(path, aside);
      onDamaged(aside);
    }
    return undefined;
  }

  clear(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The newest first. */
  #steps(): number[] {
    let names: string[];
    try {
      names = readdirSync(this.#folder);
    } catch {
      return [];
    }
    return names
      .flatMap((name) => fileName.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => b - a);
  }

  #path(step: number): string {
    return join(this.#folder, `checkpoint-${String(step).padStart(10, '0')}.safetensors`);
  }
}

/** Undefined when the file is not a whole checkpoint. Throws UsageError when it is another version's. */
function readCheckpoint<Values>(path: string): Checkpoint<Values> | undefined {
  let file: ReturnType<typeof loadSafetensors>;
  try {
    file = loadSafetensors(path);
  } catch {
    return undefined;
  }
  const { tensors, metadata } = file;
  const { content = '', checksum, formatVersion: version } = metadata;
  const sound = checksum === checksumOf(content, tensors);
  if (sound && version === formatVersion) {
    return { ...(JSON.parse(content) as Omit<Checkpoint<Values>, 'tensors'>), tensors };
  }
  for (const tensor of tensors.values()) tensor.dispose();
  if (!sound) return undefined;
  throw new UsageError(
    `${path} is a checkpoint of format ${version}, this version of ncfm reads format ${formatVersion}. Go on with the version that wrote it, or begin anew.`,
  );
}

function checksumOf(content: string, tensors: ReadonlyMap<string, Tensor>): string {
  return createHash('sha256').update(content).update(hashTensors(tensors)).digest('hex');
}

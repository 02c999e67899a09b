import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FinishedWork, fingerprint } from '../core/index.js';
import type { Dataset } from '../data/index.js';
import { resolveModel } from '../models/index.js';
import { computedBy } from '../tensor/computed-by.js';
import type { PretrainRequest } from './pretrain-request.js';

/** What tells one pool from another. */
export type PoolRequest = Pick<PretrainRequest, 'train' | 'model' | 'options' | 'cache' | 'random'>;

/**
 * The cache key of a pool: a fingerprint of everything that its numbers depend on, the code and the engine included, so
 * that a run that reuses a pool ends exactly like one that trains it.
 */
export function poolHash({ train, model, options, random }: PoolRequest): string {
  const { networks: _, ...settings } = options;
  return fingerprint({
    data: [train.hash, train.classNames.length],
    normalization: train.normalization,
    model: resolveModel(model, train.shape),
    settings,
    seed: random.seed,
    computedBy: computedBy('./train-extractor.js', import.meta.url, random.device),
  });
}

/** Where a pool's networks are kept, whether they have been trained or not. */
export function poolFiles(request: PoolRequest): { folder: string; paths: string[] } {
  const folder = join(request.cache, 'extractors', poolHash(request));
  const paths = Array.from({ length: request.options.networks }, (_, index) =>
    join(folder, `${networkName(index)}.safetensors`),
  );
  return { folder, paths };
}

/** How many networks of a pool were trained by earlier runs and need not be again. */
export function networksReady(request: PoolRequest): number {
  if (request.options.pool !== undefined) return request.options.networks;
  return poolFiles(request).paths.filter((path) => existsSync(path)).length;
}

/** The accuracies of a pool's networks, in percent, each on the test images that it was measured on. */
export class PoolAccuracies {
  readonly #finished: FinishedWork;
  readonly #identity: object;

  constructor(request: PoolRequest, test: Dataset) {
    this.#finished = new FinishedWork(poolFiles(request).folder);
    this.#identity = {
      test: test.hash,
      normalization: test.normalization,
      computedBy: computedBy('./test-network.js', import.meta.url, request.random.device),
    };
  }

  /** Undefined when that network has not been measured on these images. */
  read(index: number): number | undefined {
    return this.#finished.read<number>(this.#name(index), this.#identity);
  }

  write(index: number, accuracy: number): void {
    this.#finished.write(this.#name(index), this.#identity, accuracy);
  }

  #name(index: number): string {
    return `${networkName(index)} tested ${fingerprint(this.#identity)}`;
  }
}

function networkName(index: number): string {
  return `network-${String(index).padStart(3, '0')}`;
}

import { join } from 'node:path';
import { type Artifact, Artifacts, fingerprint } from '../core/index.js';
import type { Dataset } from '../data/index.js';
import { resolveModel } from '../models/index.js';
import { computedBy } from '../tensor/computed-by.js';
import { identityOf } from './identity.js';
import type { PretrainRequest } from './pretrain-request.js';
import { trajectoryPath } from './trajectories.js';

/** What of a pretraining changes nothing about its networks. */
const immaterial = [
  'test',
  'testAtOnce',
  'checkpoint',
  'group',
  'onEvent',
  'signal',
] as const satisfies readonly (keyof PretrainRequest)[];

/** What tells one pool from another, and where pools are kept. */
export type PoolRequest = Omit<PretrainRequest, (typeof immaterial)[number]>;

/**
 * The cache key of a pool: a fingerprint of everything that its numbers depend on, the code and the engine included, so
 * that a run that reuses a pool ends exactly like one that trains it.
 */
export function poolHash(request: PoolRequest): string {
  const { model, train, options, trajectories, random } = request;
  const { networks: _, ...settings } = options;
  return fingerprint({
    ...identityOf(request as PretrainRequest, ['cache', ...immaterial]),
    model: resolveModel(model, train.shape),
    options: settings,
    computedBy: computedBy('./train-extractor.js', import.meta.url, random.device),
    ...(trajectories && {
      recordedBy: computedBy('./trajectories.js', import.meta.url, random.device),
    }),
  });
}

/** The networks of a pool, trained or not, each with a file of its own in the pool's folder. */
export interface StoredPool {
  readonly store: Artifacts;
  readonly networks: readonly (Artifact & { readonly path: string })[];
}

export function storedPool(request: PoolRequest): StoredPool {
  const hash = poolHash(request);
  const store = new Artifacts(join(request.cache, 'extractors', hash));
  const networks = Array.from({ length: request.options.networks }, (_, index) => {
    const name = `network-${String(index).padStart(3, '0')}`;
    const file = `${name}.safetensors`;
    const files = request.trajectories ? [file, trajectoryPath(file)] : [file];
    return { name, identity: hash, files, path: join(store.folder, file) };
  });
  return { store, networks };
}

/** How many networks of a pool were trained by earlier runs and need not be again. */
export function networksReady(request: PoolRequest): number {
  if (request.options.pool !== undefined) return request.options.networks;
  const { store, networks } = storedPool(request);
  return networks.filter((network) => store.has(network)).length;
}

/** The accuracy of a pool's network, in percent, on the images that it is tested on: kept beside the network. */
export function testOf({ name }: Artifact, test: Dataset, device: string): Artifact {
  const identity = identityOf({
    test,
    computedBy: computedBy('./test-network.js', import.meta.url, device),
  });
  return { name: `${name} tested ${fingerprint(identity)}`, identity };
}

import type { ImageModel } from '../../models/index.js';
import type { MethodInput } from '../method.js';

/** A network of the pool as it is after its training. The caller disposes it. */
export function trainedNetwork(
  { pool, buildModel }: Pick<MethodInput, 'pool' | 'buildModel'>,
  network: number,
): ImageModel {
  if (pool === undefined) throw new TypeError('expected a pool of networks');
  const model = buildModel().setRequiresGrad(false);
  pool.writeInto(model, { network, beta: 0 });
  return model;
}

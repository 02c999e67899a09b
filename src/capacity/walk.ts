import type { ImageShape } from '../core/index.js';
import { buildModel, type ModelOptions } from '../models/index.js';
import {
  noGrad,
  RandomGenerator,
  scope,
  type Tensor,
  watchTensors,
  zeros,
} from '../tensor/index.js';

/** What one image leaves on its way through a network, found by sending one. */
export interface Walk {
  /** Numbers of the features. */
  readonly features: number;
  /** Bytes of the network's parameters and buffers when it tells one class. */
  readonly state: number;
  /** Bytes of the results of all operators together, of which a backward pass keeps most. */
  readonly kept: number;
  /** The most bytes of results at one time, without gradients. */
  readonly most: number;
  /** Bytes of the largest result. */
  readonly largest: number;
}

const walks = new Map<string, Walk>();

/** Walks through a network, which is built for it on the CPU; later calls remember. Throws as `buildModel` does. */
export function walk(model: ModelOptions, shape: ImageShape): Walk {
  const key = JSON.stringify([model, shape]);
  const known = walks.get(key);
  if (known !== undefined) return known;
  const result = scope(() => noGrad(() => walked(model, shape)));
  walks.set(key, result);
  return result;
}

function walked(model: ModelOptions, { channels, height, width }: ImageShape): Walk {
  using network = buildModel(model, { channels, height, width }, 1, new RandomGenerator(0));
  const image = zeros([1, channels, height, width]);
  const results: { readonly tensor: Tensor; readonly bytes: number }[] = [];
  let most = 0;
  const watch = (made: { readonly disposed: boolean }): void => {
    const tensor = made as Tensor;
    results.push({ tensor, bytes: tensorBytes(tensor) });
    const alive = results.filter(({ tensor }) => !tensor.disposed);
    most = Math.max(most, total(alive));
  };
  watchTensors(watch, () => void network.features(image));
  return {
    features: network.featureDimension,
    state: total([...network.state().values()].map((tensor) => ({ bytes: tensorBytes(tensor) }))),
    kept: total(results),
    most,
    largest: Math.max(...results.map(({ bytes }) => bytes)),
  };
}

function total(parts: readonly { readonly bytes: number }[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes, 0);
}

function tensorBytes({ dtype, length }: Tensor): number {
  return length * (dtype === 'int64' || dtype === 'float64' ? 8 : 4);
}

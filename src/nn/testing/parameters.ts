import type { Tensor } from '../../tensor/index.js';
import type { Module } from '../index.js';

/** Runs `body` with tensors in the place of a layer's own: in double precision, for finite differences. */
export function withTensors<Layer extends Module, Result>(
  layer: Layer,
  tensors: { readonly [Name in keyof Layer]?: Tensor },
  body: () => Result,
): Result {
  const names = Object.keys(tensors) as (keyof Layer)[];
  const own = Object.fromEntries(names.map((name) => [name, layer[name]]));
  Object.assign(layer, tensors);
  try {
    return body();
  } finally {
    Object.assign(layer, own);
  }
}

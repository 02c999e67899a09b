import { createHash } from 'node:crypto';
import type { Tensor } from './tensor.js';

/** SHA-256 (hex) over named tensors, in order: their names, types, shapes and elements. */
export function hashTensors(tensors: Iterable<readonly [name: string, value: Tensor]>): string {
  const hash = createHash('sha256');
  for (const [name, value] of tensors) {
    hash.update(`${name} ${value.dtype} ${value.shape.join('x')}\n`).update(value.toBytes());
  }
  return hash.digest('hex');
}

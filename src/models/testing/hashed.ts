import type { Tensor } from '../../tensor/index.js';
import { tensor } from '../../tensor/testing/on-device.js';

/** FNV-1a, 32 bits. */
export function nameHash(name: string): number {
  let hash = 2166136261;
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 16777619) >>> 0;
  return hash;
}

/** A number in [−1, 1) for each position: a mixed 32-bit counter that starts at the name's hash. */
function hashed(name: string, count: number): Float64Array {
  const seed = nameHash(name);
  return Float64Array.from({ length: count }, (_, index) => {
    let x = (index + seed) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d) >>> 0;
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b) >>> 0;
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 31 - 1;
  });
}

/** Values for a tensor of a network, in a range that its name asks for; test/golden/models.py makes the same ones. */
export function hashedTensor(name: string, shape: readonly number[]): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  const [offset, scale] = range(name, shape, count);
  return tensor(
    Float32Array.from(hashed(name, count), (value) => offset + scale * value),
    shape,
  );
}

function range(name: string, shape: readonly number[], count: number): [number, number] {
  const perChannel = shape.length === 1 || shape.length === 3;
  if (name.endsWith('running_var') || (name.endsWith('weight') && perChannel)) return [1, 0.5];
  if (name.endsWith('weight')) return [0, Math.sqrt(6 / (count / shape[0]!))];
  return [0, ['images', 'output', 'gamma'].some((last) => name.endsWith(last)) ? 1 : 0.2];
}

import { createHash } from 'node:crypto';
import { UsageError } from '../core/errors.js';
import { type DType, dtypeCode } from './dtype.js';
import { type GeneratorHandle, native } from './native.js';
import { op } from './operator.js';
import type { Device, Tensor } from './tensor.js';

type Generated = [
  shape: readonly number[],
  generator: GeneratorHandle,
  dtype: number,
  layout: null,
  device: Device,
];
const normal = op<Generated>('randn', 'generator');
const uniform = op<Generated>('rand', 'generator');
const permutation = op<[length: number, generator: GeneratorHandle]>('randperm', 'generator');
const integers = op<
  [low: number, high: number, shape: readonly number[], generator: GeneratorHandle, dtype: number]
>('randint', 'low_generator');

/** The Mersenne twister reads 32 bits of its seed only; larger seeds are hashed, so that all their digits count. */
function hostSeed(seed: number): number {
  if (seed < 2 ** 32) return seed;
  return createHash('sha256').update(String(seed)).digest().readUInt32BE(0);
}

/**
 * A seeded source of randomness (LibTorch's Mersenne twister on the CPU, Philox on CUDA). Everything random takes one
 * of these as an argument; there is no hidden global state. Tensors are drawn on `device`, single numbers, indices and
 * permutations always on the CPU.
 */
export class RandomGenerator {
  readonly seed: number;
  readonly device: Device;
  readonly #host: GeneratorHandle;
  readonly #device: GeneratorHandle;

  /** `seed`: an integer from 0 to 2^53 − 1; every one of them, 0 too, gives its own reproducible stream. */
  constructor(seed: number, device: Device = 'cpu') {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(`a seed is an integer from 0 to 2^53 - 1, got ${seed}`);
    }
    this.seed = seed;
    this.device = device;
    this.#host = native.createGenerator('cpu', hostSeed(seed));
    this.#device = device === 'cpu' ? this.#host : native.createGenerator(device, seed);
  }

  /** An independent generator whose seed comes from this one's seed and `label`; draws nothing from this one. */
  derive(label: string): RandomGenerator {
    const digest = createHash('sha256').update(`${this.seed}/${label}`).digest();
    return new RandomGenerator(digest.readUIntBE(0, 6), this.device);
  }

  /** Standard normal numbers of the given shape. */
  normal(shape: readonly number[], dtype: DType = 'float32'): Tensor {
    return normal(shape, this.#device, dtypeCode(dtype), null, this.device);
  }

  /** Numbers uniform in [0, 1) of the given shape. */
  uniformTensor(shape: readonly number[], dtype: DType = 'float32'): Tensor {
    return uniform(shape, this.#device, dtypeCode(dtype), null, this.device);
  }

  /** One number uniform in [0, 1). */
  uniform(): number {
    using value = uniform([1], this.#host, dtypeCode('float64'), null, 'cpu');
    return value.item();
  }

  /** So many numbers uniform in [0, 1), drawn on the CPU by one call. */
  uniforms(count: number, dtype: 'float32' | 'float64' = 'float64'): Float32Array | Float64Array {
    using values = uniform([count], this.#host, dtypeCode(dtype), null, 'cpu');
    return values.toArray() as Float32Array | Float64Array;
  }

  /** One integer uniform in 0 … `upperExclusive` − 1. */
  integer(upperExclusive: number): number {
    using value = integers(0, upperExclusive, [1], this.#host, dtypeCode('int64'));
    return value.item();
  }

  /** The numbers 0 … `length` − 1 in random order. */
  permutation(length: number): Int32Array {
    using order = permutation(length, this.#host);
    return Int32Array.from(order.toArray() as BigInt64Array, Number);
  }

  /** The generator's whole state, to be given to `setState` later: the CPU's, and that of a second device behind it. */
  getState(): Uint8Array {
    const host = native.generatorState(this.#host);
    if (this.#device === this.#host) return host;
    return Buffer.concat([host, native.generatorState(this.#device)]);
  }

  /**
   * Continues exactly where the state was taken. Throws UsageError when it is not a state of this kind of generator;
   * nothing is changed then.
   */
  setState(state: Uint8Array): void {
    const expected = this.getState().length;
    if (state.length !== expected) {
      throw new UsageError(
        `a state of a random generator on '${this.device}' has ${expected} bytes, got ${state.length}; it is damaged or was taken on another device`,
      );
    }
    const hostBytes = native.generatorState(this.#host).length;
    native.setGeneratorState(this.#host, state.slice(0, hostBytes));
    if (this.#device !== this.#host) native.setGeneratorState(this.#device, state.slice(hostBytes));
  }
}

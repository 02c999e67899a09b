import { type DType, dtypeCode, dtypeName } from './dtype.js';
import { native, type TensorHandle } from './native.js';
import { track } from './scope.js';

/** Where a tensor lives: 'cpu', 'cuda' or 'cuda:1'. */
export type Device = string;

export type Values =
  | readonly number[]
  | Float32Array
  | Float64Array
  | Int32Array
  | BigInt64Array
  | Uint8Array;

/**
 * An n-dimensional array held by LibTorch. It lives until `dispose`, or until the `scope` that created it ends. The
 * operators of `ops.ts` whose first argument is a tensor are also its methods: `x.mul(2).cos().mean([0])`.
 */
export class Tensor implements Disposable {
  /** True once an owner outside every scope holds it; see `keep`. */
  kept = false;
  #handle: TensorHandle | undefined;
  #shape: readonly number[] | undefined;

  /** Takes over a handle made by the addon. Users create tensors with `tensor`, `zeros` and the other operators. */
  constructor(handle: TensorHandle) {
    this.#handle = handle;
    track(this);
  }

  get handle(): TensorHandle {
    if (this.#handle === undefined) {
      throw new Error(
        'this tensor was already released: it was disposed, or the scope that created it has ended (return it from the scope, or keep() it)',
      );
    }
    return this.#handle;
  }

  get disposed(): boolean {
    return this.#handle === undefined;
  }

  get shape(): readonly number[] {
    this.#shape ??= native.shape(this.handle);
    return this.#shape;
  }

  get rank(): number {
    return this.shape.length;
  }

  get length(): number {
    return this.shape.reduce((product, size) => product * size, 1);
  }

  get dtype(): DType {
    return dtypeName(native.dtype(this.handle));
  }

  get device(): Device {
    return native.device(this.handle);
  }

  get requiresGrad(): boolean {
    return native.requiresGrad(this.handle);
  }

  /** Asks for gradients with respect to this leaf tensor (or stops asking). */
  setRequiresGrad(value: boolean): this {
    native.requiresGrad(this.handle, value);
    return this;
  }

  /** The size along one dimension; negative dimensions count from the end. Throws RangeError when there is none such. */
  size(dimension: number): number {
    const size = this.shape.at(dimension);
    if (size === undefined) {
      throw new RangeError(
        `a tensor of shape [${this.shape.join(', ')}] has no dimension ${dimension}`,
      );
    }
    return size;
  }

  /** The only element of a one-element tensor, as a number. */
  item(): number {
    if (this.length !== 1) {
      throw new RangeError(
        `item() needs one element, this tensor has shape [${this.shape.join(', ')}]`,
      );
    }
    return Number(this.toArray()[0]);
  }

  /** A copy of the elements in row-major order, in the typed array of the element type. */
  toArray():
    | Float32Array
    | Float64Array
    | Int32Array
    | BigInt64Array
    | Uint8Array
    | Int8Array
    | Int16Array {
    const buffer = native.toBytes(this.handle);
    switch (this.dtype) {
      case 'float32':
        return new Float32Array(buffer);
      case 'float64':
        return new Float64Array(buffer);
      case 'int64':
        return new BigInt64Array(buffer);
      case 'int32':
        return new Int32Array(buffer);
      case 'int16':
        return new Int16Array(buffer);
      case 'int8':
        return new Int8Array(buffer);
      case 'uint8':
      case 'bool':
        return new Uint8Array(buffer);
      default:
        throw new TypeError(
          `elements of type ${this.dtype} have no typed array; convert with to('float32') first`,
        );
    }
  }

  /** A copy of the elements as 32-bit floats, whatever the element type. */
  toFloat32Array(): Float32Array {
    if (this.dtype === 'float32') return new Float32Array(native.toBytes(this.handle));
    using converted = this.to('float32');
    return new Float32Array(native.toBytes(converted.handle));
  }

  /** The raw bytes in row-major order. */
  toBytes(): Uint8Array {
    return new Uint8Array(native.toBytes(this.handle));
  }

  dispose(): void {
    if (this.#handle === undefined) return;
    native.dispose(this.#handle);
    this.#handle = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return this.disposed ? 'Tensor(released)' : `Tensor(${this.dtype}[${this.shape.join(', ')}])`;
  }
}

function naturalType(values: Values): DType {
  if (values instanceof Uint8Array) return 'uint8';
  if (values instanceof Int32Array) return 'int32';
  if (values instanceof BigInt64Array) return 'int64';
  if (values instanceof Float64Array) return 'float64';
  return 'float32';
}

/**
 * A tensor from JavaScript values, copied to the CPU. The element type is that of the typed array (plain arrays:
 * float32) unless `dtype` says otherwise for a plain array: 'int64' for labels and indices, 'float64' for tests.
 * Throws RangeError when the shape does not hold exactly the values.
 */
export function tensor(
  values: Values,
  shape: readonly number[] = [values.length],
  dtype?: DType,
): Tensor {
  return tensorOn('cpu', values, shape, dtype);
}

/** A tensor over raw little-endian bytes of the given type, copied. Throws when their number does not fit the shape. */
export function fromBytes(
  bytes: Uint8Array,
  shape: readonly number[],
  dtype: DType,
  device: Device = 'cpu',
): Tensor {
  return new Tensor(native.fromBytes(bytes, shape, dtypeCode(dtype), device));
}

/**
 * The same as `tensor`, on a device; without waiting for it, where it is a GPU.
 */
export function tensorOn(
  device: Device,
  values: Values,
  shape: readonly number[] = [values.length],
  dtype?: DType,
): Tensor {
  const target = dtype ?? naturalType(values);
  requireFit(values, shape);
  return new Tensor(native.fromBytes(toTyped(values, target), shape, dtypeCode(target), device));
}

function requireFit(values: Values, shape: readonly number[]): void {
  const usable = shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  const length = shape.reduce((product, size) => product * size, 1);
  if (usable && length === values.length) return;
  const holds = usable ? `holds ${length} values` : 'cannot be';
  throw new RangeError(
    `a tensor of shape [${shape.join(', ')}] ${holds}, got ${values.length} values`,
  );
}

function toTyped(values: Values, target: DType): NodeJS.TypedArray {
  if (ArrayBuffer.isView(values) && naturalType(values) === target) return values;
  const numbers = values as Iterable<number | bigint>;
  switch (target) {
    case 'float32':
      return Float32Array.from(numbers, Number);
    case 'float64':
      return Float64Array.from(numbers, Number);
    case 'int64':
      return BigInt64Array.from(numbers, BigInt);
    case 'int32':
      return Int32Array.from(numbers, Number);
    case 'uint8':
      return Uint8Array.from(numbers, Number);
    case 'bool':
      return Uint8Array.from(numbers, (value) => (Number(value) === 0 ? 0 : 1));
    default:
      throw new TypeError(
        `a tensor of ${target} cannot be made from JavaScript values; make it float32 and convert with to()`,
      );
  }
}

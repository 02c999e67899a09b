import { native, type TensorHandle } from './native.js';
import { Tensor } from './tensor.js';

/** Replaces tensors (also inside arrays) by their handles. */
function unwrap(value: unknown): unknown {
  if (value instanceof Tensor) return value.handle;
  if (Array.isArray(value) && value.some((item) => item instanceof Tensor || item === null)) {
    return value.map(unwrap);
  }
  return value;
}

/** Replaces handles (also inside arrays) by tensors. */
function wrap(value: unknown): unknown {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map(wrap);
  return new Tensor(value as TensorHandle);
}

function caller(name: string, overload: string): (values: unknown[]) => unknown {
  let operator: number | undefined;
  return (values) => {
    operator ??= native.lookup(name.includes('::') ? name : `aten::${name}`, overload);
    return native.call(operator, ...values.map(unwrap));
  };
}

/**
 * A typed face for one operator of LibTorch, or of ours (`ncfm::…`). The arguments are those of the operator's schema
 * in their order; those left out, or undefined, take the schema's defaults. The operator is looked up once, at
 * the first call, which throws where there is none of that name.
 */
export function op<Arguments extends unknown[], Result = Tensor>(
  name: string,
  overload = '',
): (...values: Arguments) => Result {
  const call = caller(name, overload);
  return (...values) => wrap(call(values)) as Result;
}

/** Like `op`, for an operator that changes its first argument in place; returns that argument. */
export function inPlace<Arguments extends [Tensor, ...unknown[]]>(
  name: string,
  overload = '',
): (...values: Arguments) => Tensor {
  const call = caller(name, overload);
  return (...values) => {
    native.dispose(call(values) as TensorHandle);
    return values[0];
  };
}

/** An operator whose second argument may be a tensor or a number. */
export function binary(name: string): (x: Tensor, y: Tensor | number) => Tensor {
  const withTensor = op<[Tensor, Tensor]>(name, 'Tensor');
  const withNumber = op<[Tensor, number]>(name, 'Scalar');
  return (x, y) => (typeof y === 'number' ? withNumber(x, y) : withTensor(x, y));
}

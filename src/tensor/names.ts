import type { Tensor } from './tensor.js';

/** The same tensors under longer names. */
export function withPrefix(
  prefix: string,
  tensors: ReadonlyMap<string, Tensor>,
): Map<string, Tensor> {
  return new Map([...tensors].map(([name, value]) => [prefix + name, value]));
}

/** The tensors whose names begin with `prefix`, under what follows it. */
export function withoutPrefix(
  prefix: string,
  tensors: ReadonlyMap<string, Tensor>,
): Map<string, Tensor> {
  const own = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

import { native } from './native.js';
import type { Tensor } from './tensor.js';

const stack: Tensor[][] = [];
const watchers: ((tensor: Tensor) => void)[] = [];

/** Registers a new tensor with the innermost scope, which will release it. */
export function track(tensor: Tensor): void {
  own(tensor);
  for (const watch of watchers) watch(tensor);
}

function own(tensor: Tensor): void {
  stack.at(-1)?.push(tensor);
}

/** Runs `body` and calls `watch` with every tensor that is created meanwhile: for measuring, not for owning. */
export function watchTensors<T>(watch: (tensor: Tensor) => void, body: () => Synchronous<T>): T {
  watchers.push(watch);
  try {
    return body();
  } finally {
    watchers.splice(watchers.lastIndexOf(watch), 1);
  }
}

/** Refuses promises: what an asynchronous body did would run outside. */
export type Synchronous<T> = T extends PromiseLike<unknown> ? never : T;

/**
 * Runs `body` and releases every tensor created inside it, except those it returns (alone, or within arrays, maps and
 * plain objects) and those given to `keep`. Scopes nest: what an inner scope returns belongs to the outer one.
 * An asynchronous body is refused by its type, because tensors of other tasks would be mixed in while it waits.
 */
export function scope<T>(body: () => Synchronous<T>): T {
  const created: Tensor[] = [];
  stack.push(created);
  const survivors = new Set<Tensor>();
  try {
    const result = body();
    collect(result, survivors);
    return result;
  } finally {
    stack.pop();
    for (const tensor of created) {
      if (tensor.disposed || tensor.kept) continue;
      if (survivors.has(tensor)) own(tensor);
      else tensor.dispose();
    }
  }
}

/** Takes a tensor out of every scope: its new owner disposes it. */
export function keep<T extends Tensor>(tensor: T): T {
  tensor.kept = true;
  return tensor;
}

/** The number of tensors that have been created and not yet released, anywhere in the process. */
export function liveTensors(): number {
  return native.liveCount();
}

function collect(value: unknown, found: Set<Tensor>): void {
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return;
  if (isTensor(value)) found.add(value);
  else if (Array.isArray(value)) for (const item of value) collect(item, found);
  else if (value instanceof Map) for (const item of value.values()) collect(item, found);
  else if (Object.getPrototypeOf(value) === Object.prototype) {
    for (const item of Object.values(value)) collect(item, found);
  }
}

function isTensor(value: object): value is Tensor {
  return 'handle' in value && 'kept' in value;
}

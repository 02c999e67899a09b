import { native } from './native.js';

/** What a scope releases: a tensor. */
export interface Scoped {
  readonly disposed: boolean;
  /** Whether its owner alone disposes it, and no scope. */
  kept: boolean;
  dispose(): void;
}

const stack: Scoped[][] = [];

/** Registers a new tensor with the innermost scope, which will release it. */
export function track(tensor: Scoped): void {
  stack.at(-1)?.push(tensor);
}

/** Refuses promises: what an asynchronous body did would run outside. */
export type Synchronous<T> = T extends PromiseLike<unknown> ? never : T;

/** The result of a body, where types were no hindrance: throws TypeError if it is a promise. */
export function synchronous<T>(result: T, caller: string): T {
  if (!isThenable(result)) return result;
  // What becomes of it is nobody's concern any more.
  result.then(undefined, () => {});
  throw new TypeError(
    `${caller}() was given an asynchronous function, whose tensors would be mixed up with those of other tasks; await first, and compute in a function that is not`,
  );
}

/**
 * Runs `body` and releases every tensor created inside it, except those it returns and those given to `keep`. Returned
 * tensors are found alone, and within arrays, maps, sets, other collections, and the fields of objects, nested; not in what
 * only a class or a function can see (`#private` fields, variables of a closure): give those to `keep`. Scopes nest: what
 * an inner scope returns belongs to the outer one.
 *
 * Throws TypeError when the body returns a promise, because tensors of other tasks would be mixed in while it waits, or a
 * generator, which would go on after its tensors are gone; everything is released then.
 */
export function scope<T>(body: () => Synchronous<T>): T {
  const created: Scoped[] = [];
  stack.push(created);
  let survivors: ReadonlySet<unknown> = new Set();
  try {
    const result = synchronous(body(), 'scope');
    survivors = reachable(result);
    return result;
  } finally {
    stack.pop();
    for (const tensor of created) {
      if (tensor.disposed || tensor.kept) continue;
      if (survivors.has(tensor)) track(tensor);
      else tensor.dispose();
    }
  }
}

/** Takes a tensor out of every scope: its new owner disposes it. */
export function keep<T extends Scoped>(tensor: T): T {
  tensor.kept = true;
  return tensor;
}

/** The number of tensors that have been created and not yet released, anywhere in the process. */
export function liveTensors(): number {
  return native.liveCount();
}

/** All objects that can be reached from a value, tensors among them. */
function reachable(value: unknown): ReadonlySet<unknown> {
  const found = new Set<unknown>();
  const visit = (item: unknown): void => {
    if (item === null || typeof item !== 'object' || ArrayBuffer.isView(item) || found.has(item)) {
      return;
    }
    found.add(item);
    if (isTensor(item)) return;
    requireWhole(item);
    if (isIterable(item)) for (const element of item) visit(element);
    if (!Array.isArray(item)) for (const field of Object.values(item)) visit(field);
  };
  visit(value);
  return found;
}

/** Throws TypeError for what makes its tensors later. */
function requireWhole(value: object): void {
  const later = isThenable(value)
    ? 'a promise'
    : Symbol.asyncIterator in value || (isIterable(value) && 'next' in value)
      ? 'a generator'
      : undefined;
  if (later === undefined) return;
  throw new TypeError(
    `scope() cannot return ${later}: its tensors would be released before they are used; return them in an array, or make it outside of the scope`,
  );
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null &&
    typeof value === 'object' &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

function isIterable(value: object): value is Iterable<unknown> {
  return typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function';
}

function isTensor(value: object): value is Scoped {
  return 'handle' in value && 'kept' in value;
}

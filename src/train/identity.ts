import { hashTensors, RandomGenerator, Tensor } from '../tensor/index.js';

/**
 * What the inputs of a computation are told apart by, as JSON can hold it: datasets and everything else that has a
 * `hash` by that, tensors by their content, generators by their seed. It is derived from the inputs themselves, so that
 * an input that is added counts without further ado.
 *
 * @param except inputs that change nothing about the result
 * @throws TypeError for what could not be told apart, such as a function
 */
export function identityOf<Inputs extends object>(
  inputs: Inputs,
  except: readonly (keyof Inputs)[] = [],
): object {
  const chosen = Object.entries(inputs).filter(([key]) => !except.includes(key as keyof Inputs));
  return Object.fromEntries(chosen.map(([key, value]) => [key, described(value, key)]));
}

function described(value: unknown, key: string): unknown {
  if (value instanceof Tensor) return hashTensors([[key, value]]);
  if (value instanceof RandomGenerator) return value.seed;
  if (Array.isArray(value)) return value.map((item) => described(item, key));
  if (isHashed(value)) {
    // What a dataset's hash leaves out: its images may be normalised otherwise, or have more classes than occur.
    const { hash, normalization, classNames } = value;
    return { hash, normalization, classes: classNames?.length };
  }
  if (isPlain(value)) return identityOf(value);
  if (value === null || !['function', 'object'].includes(typeof value)) return value;
  throw new TypeError(`${key} can't be told apart from others of its kind`);
}

interface Hashed {
  readonly hash: string;
  readonly normalization?: unknown;
  readonly classNames?: readonly string[];
}

function isHashed(value: unknown): value is Hashed {
  return typeof (value as Partial<Hashed> | null | undefined)?.hash === 'string';
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && value.constructor === Object;
}

import { UsageError } from '../../core/errors.js';
import type { NumpyArray, NumpyTexts } from '../formats/npy.js';
import { byCodePoint } from './scan.js';

/** One label per image: class numbers, or the classes' names. */
export type Labels =
  | { readonly kind: 'numbers'; readonly values: readonly number[] }
  | { readonly kind: 'names'; readonly values: readonly string[] };

/** What the labels of a training part mean. */
export interface Classes {
  readonly names: readonly string[];
  /** The position of every number or name that stands for a class. */
  readonly positions: ReadonlyMap<number | string, number>;
}

/**
 * One label per image from an array: numbers or texts, [n] or [n, 1], or one-hot rows [n, k].
 *
 * @throws UsageError naming the array if it holds none of them.
 */
export function readLabels(
  array: NumpyArray | NumpyTexts,
  source: string,
  onNote: (message: string) => void,
): Labels {
  const { shape } = array;
  const flat = shape.length === 1 || (shape.length === 2 && shape[1] === 1);
  if ('texts' in array) {
    if (flat) return { kind: 'names', values: array.texts };
    throw wrongShape(shape, source);
  }
  const numbers = Array.from(array.values as ArrayLike<number | bigint>, Number);
  if (!flat) {
    if (shape.length !== 2) throw wrongShape(shape, source);
    onNote(`${source}: read as one-hot labels of ${shape[1]} classes`);
    return { kind: 'numbers', values: oneHot(numbers, shape[1]!, source) };
  }
  const wrong = numbers.findIndex((value) => !Number.isSafeInteger(value));
  if (wrong < 0) return { kind: 'numbers', values: numbers };
  throw new UsageError(
    `${source}: label ${wrong} is ${numbers[wrong]}; expected whole numbers, names, or one-hot rows`,
  );
}

function wrongShape(shape: readonly number[], source: string): UsageError {
  return new UsageError(
    `${source}: it is ${shape.join(' × ') || 'a single value'}; expected one class per image: [n], [n, 1], or one-hot [n, classes]`,
  );
}

function oneHot(values: readonly number[], classes: number, source: string): number[] {
  return Array.from({ length: values.length / classes }, (_, image) => {
    const row = values.slice(image * classes, (image + 1) * classes);
    const label = row.indexOf(1);
    if (label >= 0 && row.every((value, index) => value === (index === label ? 1 : 0))) {
      return label;
    }
    const shown = row.slice(0, 5).join(', ');
    throw new UsageError(
      `${source}: row ${image} is ${shown}${classes > 5 ? ', …' : ''}; expected one class per image: [n], [n, 1], ` +
        'or one-hot rows with a single 1 among zeros',
    );
  });
}

/**
 * The classes of a training part: the names that are given, in their order; else names in the order of their code points,
 * or numbers in order, named by themselves.
 *
 * @param names of the classes, by number, where the file has them.
 * @throws UsageError naming the array if a label is none of the given classes.
 */
export function classesOf(
  labels: Labels,
  names: readonly string[] | undefined,
  source: string,
  onNote: (message: string) => void,
): Classes {
  if (labels.kind === 'names') {
    const found = names ?? [...new Set(labels.values)].sort(byCodePoint);
    return { names: found, positions: new Map(found.map((name, position) => [name, position])) };
  }
  if (names !== undefined) {
    return { names, positions: new Map(names.map((_, number) => [number, number])) };
  }
  const numbers = [...new Set(labels.values)].sort((a, b) => a - b);
  if (numbers.some((number, position) => number !== position)) {
    const few = numbers.length <= 6;
    const listed = few ? numbers.join(', ') : `${numbers.slice(0, 5).join(', ')}, …`;
    onNote(
      `${source}: the ${numbers.length} class numbers (${listed}) do not run from 0 without gaps; they are classes in this order, named by their numbers`,
    );
  }
  return {
    names: numbers.map(String),
    positions: new Map(numbers.map((number, position) => [number, position])),
  };
}

/**
 * The positions of the labels' classes, [n].
 *
 * @throws UsageError naming the array and the label that is no class.
 */
export function positionsOf(labels: Labels, classes: Classes, source: string): number[] {
  return labels.values.map((label, index) => {
    const position = classes.positions.get(label);
    if (position !== undefined) return position;
    const known = [...classes.positions.keys()].slice(0, 5).map((key) => JSON.stringify(key));
    const more = classes.positions.size > 5 ? ', …' : '';
    throw new UsageError(
      `${source}: label ${index} is ${JSON.stringify(label)}, which is none of the ${classes.positions.size} classes; expected one of ${known.join(', ')}${more}`,
    );
  });
}

import { type Span, spans } from '../core/spans.js';
import type { ProcessGroup } from '../distributed/index.js';
import { keep, noGrad, type Tensor } from '../tensor/index.js';
import { rowsOf } from './blocks.js';
import type { SyntheticImages } from './synthetic.js';

/**
 * The classes that this process sees to, of those that a group of processes distils together: a run of them, the
 * processes' runs being equally long but for one class. All of them where there is no group, none where there are more
 * processes than classes. A gradient is a sum over classes, and what is drawn belongs to a class or to all, never to a
 * process: every process draws all of it, so that any number of them gives the same images but for last digits.
 */
export class ClassShare implements Disposable {
  readonly classes: number;
  readonly own: Span;
  readonly #group: ProcessGroup | undefined;
  readonly #shares: readonly Span[];
  #images: Tensor | undefined;

  constructor(classes: number, group: ProcessGroup | undefined) {
    this.classes = classes;
    this.#group = group;
    this.#shares = evenly(classes, group?.size ?? 1);
    this.own = this.#shares[group?.rank ?? 0]!;
  }

  /** Whether other processes distil too. */
  get isShared(): boolean {
    return this.#group !== undefined;
  }

  owns(label: number): boolean {
    return label >= this.own.start && label < this.own.start + this.own.length;
  }

  /** The process's classes, so many at a time. */
  spans(classesAtOnce: number): Span[] {
    return spans(this.own.length, classesAtOnce).map(({ start, length }) => ({
      start: this.own.start + start,
      length,
    }));
  }

  /** The own rows of values that have equally many for every class; a view. */
  ownRows(values: Tensor): Tensor {
    return this.#group === undefined ? values : rowsOf(values, this.own, this.classes);
  }

  /** The rows of some of the own classes, of values that have rows of the own classes alone; a view. */
  rows(values: Tensor, { start, length }: Span): Tensor {
    return rowsOf(values, { start: start - this.own.start, length }, this.own.length);
  }

  /** The rows of all classes, of values that have those of the own ones, `perClass` of each. */
  gather(values: Tensor, perClass: number): Tensor {
    if (this.#group === undefined) return values;
    const rows = this.#shares.map(({ start, length }) => ({
      start: start * perClass,
      length: length * perClass,
    }));
    return this.#group.gatherRows(values, rows);
  }

  /** The same of several, by name. */
  gatherAll(values: Named, perClass: number): Named {
    return new Map([...values].map(([name, value]) => [name, this.gather(value, perClass)]));
  }

  ownRowsOfAll(values: Named): Named {
    return new Map([...values].map(([name, value]) => [name, this.ownRows(value)]));
  }

  /** The sum over all processes. */
  sum(value: Tensor): Tensor {
    return this.#group === undefined ? value : this.#group.sum(value);
  }

  sumOf(value: number): number {
    return this.#group === undefined ? value : this.#group.sumNumbers([value])[0]!;
  }

  /** Whether it is so in every process. */
  every(condition: boolean): boolean {
    return this.sumOf(condition ? 0 : 1) === 0;
  }

  /** The own classes' stored images, to be stepped: a view of the set's. */
  parameter({ images }: SyntheticImages): Tensor {
    if (this.#group === undefined) return images;
    this.#images ??= keep(this.ownRows(images.detach()));
    return this.#images;
  }

  /** Brings the other processes' images into the set, whose own rows alone are up to date. */
  synchronize({ images, imagesPerClass }: SyntheticImages): void {
    if (this.#group === undefined) return;
    using all = this.gather(this.ownRows(images.detach()), imagesPerClass);
    noGrad(() => images.copy_(all));
  }

  [Symbol.dispose](): void {
    this.#images?.dispose();
  }
}

type Named = ReadonlyMap<string, Tensor>;

/** `total` in so many runs, the first of them one longer where it does not divide. */
function evenly(total: number, parts: number): Span[] {
  const least = Math.floor(total / parts);
  const longer = total % parts;
  return Array.from({ length: parts }, (_, index) => ({
    start: index * least + Math.min(index, longer),
    length: least + (index < longer ? 1 : 0),
  }));
}

import type { SeriesPoint } from '../view.js';

interface Bucket {
  /** Where it begins. */
  readonly x: number;
  readonly sum: number;
  readonly count: number;
  readonly low: number;
  readonly high: number;
}

/** Points that are kept at most; beyond, each two become one. */
const capacity = 1024;

/** A series of any length in bounded memory: a long one is kept as means with their lowest and highest values. */
export class Series {
  #buckets: Bucket[] = [];
  /** Values to a bucket. */
  #stride = 1;

  /** Adds a value; where `x` is not beyond the last one, what lies from it on is told anew, and forgotten. */
  add(x: number, value: number | null | undefined): void {
    if (typeof value !== 'number' || !Number.isFinite(value)) return;
    while (this.#buckets.length > 0 && this.#buckets.at(-1)!.x >= x) this.#buckets.pop();
    const last = this.#buckets.at(-1);
    if (last !== undefined && last.count < this.#stride) {
      this.#buckets[this.#buckets.length - 1] = merged(last, one(x, value));
      return;
    }
    if (this.#buckets.length === capacity) this.#halve();
    this.#buckets.push(one(x, value));
  }

  get points(): SeriesPoint[] {
    return this.#buckets.map(({ x, sum, count, low, high }) => [
      x,
      short(sum / count),
      short(low),
      short(high),
    ]);
  }

  #halve(): void {
    this.#stride *= 2;
    this.#buckets = Array.from({ length: Math.ceil(this.#buckets.length / 2) }, (_, index) => {
      const [first, second] = [this.#buckets[2 * index]!, this.#buckets[2 * index + 1]];
      return second ? merged(first, second) : first;
    });
  }
}

/** To the digits that a chart can show. */
function short(value: number): number {
  return Number(value.toPrecision(6));
}

function one(x: number, value: number): Bucket {
  return { x, sum: value, count: 1, low: value, high: value };
}

function merged(first: Bucket, second: Bucket): Bucket {
  return {
    x: first.x,
    sum: first.sum + second.sum,
    count: first.count + second.count,
    low: Math.min(first.low, second.low),
    high: Math.max(first.high, second.high),
  };
}

import { cat } from './ops.js';
import { keep, scope } from './scope.js';
import type { Tensor } from './tensor.js';

/** A number that a device computes. */
export interface Reading {
  /** Waits for the device at the first look, unless it was read already. */
  readonly value: number;
}

/** Its value is a getter of the class, so that a scope that looks through what it returns does not look at it. */
class PendingReading implements Reading {
  readonly scalar: Tensor;
  readonly #read: () => void;
  #known: number | undefined;

  constructor(scalar: Tensor, read: () => void) {
    this.scalar = scalar;
    this.#read = read;
  }

  get value(): number {
    if (this.#known === undefined) this.#read();
    return this.#known!;
  }

  know(value: number): void {
    this.#known = value;
    this.scalar.dispose();
  }
}

/**
 * Scalars that a device computes, read together: looking at any of them reads all that were noted up to then, so that the
 * host waits once. On the CPU, where reading costs nothing, they are read when they are noted.
 */
export class Readings implements Disposable {
  #pending: PendingReading[] = [];

  /** Takes down a tensor of one element, of which it keeps a copy until it is read. */
  note(scalar: Tensor): Reading {
    if (scalar.device === 'cpu') return { value: scalar.item() };
    const copy = scope(() => scalar.detach().to('float64').reshape([1]).clone());
    const reading = new PendingReading(keep(copy), () => this.read());
    this.#pending.push(reading);
    return reading;
  }

  /** Numbers that were noted and not yet read. */
  get pending(): number {
    return this.#pending.length;
  }

  /** Reads all that were noted; the host waits for the device, where there are any. */
  read(): void {
    const pending = this.#pending;
    if (pending.length === 0) return;
    this.#pending = [];
    const values = scope(() => cat(pending.map(({ scalar }) => scalar)).toArray());
    for (const [index, reading] of pending.entries()) reading.know(Number(values[index]));
  }

  [Symbol.dispose](): void {
    for (const { scalar } of this.#pending) scalar.dispose();
    this.#pending = [];
  }
}

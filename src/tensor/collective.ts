import { FailureError } from '../core/errors.js';
import { type GroupHandle, native, type StoreHandle, setupCommand } from './native.js';
import { zeros } from './ops.js';
import { scope } from './scope.js';
import type { Tensor } from './tensor.js';

/** Whether the addon was built with collectives. */
export function hasCollectives(): boolean {
  return native.hasCollectives;
}

function requireCollectives(): void {
  if (hasCollectives()) return;
  throw new FailureError(
    `the native engine was built without collectives, because the headers of Gloo were missing; install libgloo-dev and build it anew: ${setupCommand} -- --fresh`,
  );
}

export interface StoreOptions {
  readonly host: string;
  /** Of the one that serves, 0 for any free one. */
  readonly port: number;
  readonly serves: boolean;
  /** How long a client tries to connect, and any single request may take. */
  readonly milliseconds: number;
}

/** Small values that processes share: c10d's TCPStore. Every method throws Error when the process that serves is gone. */
export class SharedStore implements Disposable {
  readonly handle: StoreHandle;
  #open = true;

  constructor({ host, port, serves, milliseconds }: StoreOptions) {
    requireCollectives();
    this.handle = native.openStore(host, port, serves, milliseconds);
  }

  get port(): number {
    return native.storePort(this.handle);
  }

  set(key: string, value: string): void {
    native.storeSet(this.handle, key, value);
  }

  get(key: string): string | undefined {
    return native.storeGet(this.handle, key) ?? undefined;
  }

  /** Sets a key that has no value yet; gives the value that it has then. */
  claim(key: string, value: string): string {
    return native.storeClaim(this.handle, key, value);
  }

  [Symbol.dispose](): void {
    if (this.#open) native.closeStore(this.handle);
    this.#open = false;
  }
}

export interface CollectivesOptions {
  readonly store: SharedStore;
  /** From 0. */
  readonly rank: number;
  readonly size: number;
  /** Where this process is reached by the others. */
  readonly place: { readonly address: string } | { readonly interface: string };
  /** How long each collective, and the coming of all processes, may take. */
  readonly milliseconds: number;
}

/**
 * What processes do with tensors together: c10d over Gloo, on the CPU. All of them make the same calls in the same order, with
 * tensors of equal shapes; each call waits for the others' and throws Error when one of them is gone or the time is up.
 */
export class Collectives implements Disposable {
  readonly #handle: GroupHandle;
  readonly #size: number;
  #open = true;

  constructor({ store, rank, size, place, milliseconds }: CollectivesOptions) {
    const isAddress = 'address' in place;
    const name = isAddress ? place.address : place.interface;
    this.#size = size;
    this.#handle = native.openGroup(store.handle, rank, size, name, isAddress, milliseconds);
  }

  /** Every process's tensor, in the order of ranks. */
  gather(value: Tensor): Tensor[] {
    return scope(() => {
      const { shape, dtype } = value;
      const all = Array.from({ length: this.#size }, () => zeros(shape, { dtype }));
      const outputs = all.map(({ handle }) => handle);
      native.workWait(native.groupGather(this.#handle, outputs, value.contiguous().handle));
      return all;
    });
  }

  /** A contiguous tensor becomes the sum of all processes'. */
  sum(value: Tensor): void {
    native.workWait(native.groupSum(this.#handle, value.handle));
  }

  /** A contiguous tensor becomes that of one process. */
  broadcast(value: Tensor, rank: number): void {
    native.workWait(native.groupBroadcast(this.#handle, value.handle, rank));
  }

  [Symbol.dispose](): void {
    if (this.#open) native.closeGroup(this.#handle);
    this.#open = false;
  }
}

/** Hands values from one loop to another that asks for them; the giver waits until it is asked again. */
export class Handover<T> {
  #taker: { resolve(value: T | undefined): void; reject(error: unknown): void } | undefined;
  #release: () => void = () => {};
  #over: { readonly error?: unknown } | undefined;

  /** Gives a value, and resolves when the taker asks for the next one, or `release` is called. */
  give(value: T): Promise<void> {
    return new Promise((resolve) => {
      this.#release = resolve;
      this.#taker?.resolve(value);
      this.#taker = undefined;
    });
  }

  /** The next value; undefined when there will be none. Rejects with what the giver failed with. */
  take(): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#taker = { resolve, reject };
      if (this.#over) this.#settle();
      else this.release();
    });
  }

  /** Has the giver go on though nobody asks. */
  release(): void {
    this.#release();
  }

  end(): void {
    this.#over = {};
    this.#settle();
  }

  fail(error: unknown): void {
    this.#over = { error };
    this.#settle();
  }

  #settle(): void {
    if (this.#over && 'error' in this.#over) this.#taker?.reject(this.#over.error);
    else this.#taker?.resolve(undefined);
    this.#taker = undefined;
  }
}

import { setTimeout } from 'node:timers/promises';
import { messageOf } from '../core/errors.js';
import type { Span } from '../core/spans.js';
import { cat, fromBytes, scope, type Tensor, tensor, toDeviceOf, zeros } from '../tensor/index.js';
import { PeerFailure } from './peer-failure.js';
import { PeerWatch, Silence } from './peer-watch.js';
import { gone, type Peer } from './peers.js';
import type { Met } from './rendezvous.js';

export interface GroupOptions extends Met {
  readonly rank: number;
  /** How long a collective may take, and how long a process may be silent. */
  readonly milliseconds: number;
}

/** Rounds of waiting are this far apart at first, and this far at most. */
const poll = { least: 5, most: 250 };
const farewellMilliseconds = 3000;

/**
 * The processes that do one task together. All of them run the same program, and make the same calls here in the same order.
 * What takes long (networks in training) is waited for by `exchangeLater` and `together`, which let signals through; what
 * an iteration needs is exchanged at once. When a process fails, dies or falls silent, the calls of all others throw PeerFailure.
 */
export class ProcessGroup implements Disposable {
  readonly rank: number;
  readonly size: number;
  readonly peers: readonly Peer[];
  readonly #options: GroupOptions;
  readonly #watch: PeerWatch;
  #rounds = 0;
  #bytes = 0;
  #left = false;

  constructor(options: GroupOptions) {
    this.#options = options;
    this.rank = options.rank;
    this.size = options.peers.length;
    this.peers = options.peers;
    this.#watch = new PeerWatch(options);
  }

  /** Whether this is the first process: the one that writes and speaks to the user. */
  get isFirst(): boolean {
    return this.rank === 0;
  }

  /** Bytes that this process's collectives on tensors have sent so far. */
  get bytesSent(): number {
    return this.#bytes;
  }

  /** The processes' tensors, of equal shape, in the order of ranks. */
  gather(value: Tensor): Tensor[] {
    return scope(() => {
      this.#bytes += bytesOf(value) * (this.size - 1);
      const all = this.#attempt(() => this.#options.collectives.gather(toDeviceOf(value, 'cpu')));
      return all.map((one) => toDeviceOf(one, value.device));
    });
  }

  /** The processes' rows, as many of each as `spans` say, one below the other; each process gives its own. */
  gatherRows(rows: Tensor, spans: readonly Span[]): Tensor {
    return scope(() => {
      const most = Math.max(...spans.map(({ length }) => length));
      const [own, ...shape] = rows.shape;
      const padded =
        own === most ? rows : zeros([most, ...shape], { dtype: rows.dtype, device: rows.device });
      if (own !== most && own! > 0) padded.narrow(0, 0, own!).copy_(rows);
      const all = this.gather(padded.detach());
      return cat(all.map((one, rank) => one.narrow(0, 0, spans[rank]!.length)));
    });
  }

  /** The sum of the processes' tensors, which are left as they are. */
  sum(value: Tensor): Tensor {
    return scope(() => {
      const total = toDeviceOf(value.detach(), 'cpu').contiguous().clone();
      // A ring sends each part around twice.
      this.#bytes += Math.round((2 * bytesOf(value) * (this.size - 1)) / this.size);
      this.#attempt(() => this.#options.collectives.sum(total));
      return toDeviceOf(total, value.device);
    });
  }

  /** The sums of some numbers over the processes. */
  sumNumbers(values: readonly number[]): number[] {
    return scope(() => {
      const total = this.sum(tensor(values, [values.length], 'float64'));
      return Array.from(total.toArray(), Number);
    });
  }

  /** The first process's tensor; the others give one of its shape and type. */
  broadcast(value: Tensor): Tensor {
    return scope(() => {
      const own = toDeviceOf(value.detach(), 'cpu').contiguous().clone();
      if (this.isFirst) this.#bytes += bytesOf(value) * (this.size - 1);
      this.#attempt(() => this.#options.collectives.broadcast(own, 0));
      return toDeviceOf(own, value.device);
    });
  }

  /** Every process's value, which JSON can hold, in the order of ranks; at once, so that all must be about as far. */
  exchange<Value>(value: Value): Value[] {
    return scope(() => {
      const bytes = Buffer.from(JSON.stringify(value ?? null));
      const lengths = this.gather(tensor([bytes.length], [1], 'int64')).map((one) => one.item());
      const padded = Buffer.alloc(Math.max(...lengths));
      bytes.copy(padded);
      return this.gather(fromBytes(padded, [padded.length], 'uint8')).map(
        (one, rank) =>
          JSON.parse(Buffer.from(one.toBytes()).subarray(0, lengths[rank]).toString()) as Value,
      );
    });
  }

  /** The same, waiting for as long as the other processes are at work; signals are let through meanwhile. */
  async exchangeLater<Value>(value: Value, signal?: AbortSignal): Promise<Value[]> {
    const round = this.#rounds++;
    const { store } = this.#options;
    const keyOf = (rank: number): string => `round-${round}-${rank}`;
    this.#attempt(() => store.set(keyOf(this.rank), JSON.stringify(value ?? null)));
    const found = new Map<number, Value>();
    const silence = new Silence(this.peers, this.#options.milliseconds);
    for (let pause = poll.least; ; pause = Math.min(poll.most, pause * 1.5)) {
      for (const { rank } of this.peers) {
        const text = found.has(rank) ? undefined : this.#attempt(() => store.get(keyOf(rank)));
        if (text !== undefined) found.set(rank, JSON.parse(text) as Value);
      }
      if (found.size === this.size) return this.peers.map(({ rank }) => found.get(rank)!);
      const waited = this.peers.filter(({ rank }) => !found.has(rank));
      this.#attempt(() => this.#watch.requireAlive(waited, silence));
      await setTimeout(pause);
      signal?.throwIfAborted();
    }
  }

  /**
   * Has every process do its part, and gives what each has come to. A process whose part fails throws what went wrong at
   * once, the same only once among them; the others throw PeerFailure naming the first that has failed.
   */
  async together<Value>(
    part: () => Promise<Value> | Value,
    signal?: AbortSignal,
  ): Promise<Value[]> {
    let value: Value;
    try {
      value = await part();
    } catch (error) {
      const told = this.#watch.tell(error);
      throw signal?.aborted ? error : told;
    }
    const all = await this.exchangeLater({ value }, signal);
    return all.map((one) => one.value as Value);
  }

  /** Whether a piece of work, by its position among those that are shared out, is this process's. */
  owns(index: number): boolean {
    return index % this.size === this.rank;
  }

  /**
   * Shares pieces of work out, in turn, and gives the results of all, in the order of the pieces.
   *
   * @param work does this process's pieces
   */
  async shareOut<Piece, Result>(
    pieces: readonly Piece[],
    work: (own: readonly Piece[]) => Promise<Result[]>,
    signal?: AbortSignal,
  ): Promise<Result[]> {
    const own = pieces.filter((_, index) => this.owns(index));
    const each = await this.together(() => work(own), signal);
    return pieces.map((_, index) => each[index % this.size]![Math.floor(index / this.size)]!);
  }

  /** Has the first process alone do something; what it gives is given to all. */
  async first<Value>(task: () => Promise<Value> | Value, signal?: AbortSignal): Promise<Value> {
    const nothing = (): Promise<Value | null> => Promise.resolve(null);
    const [value] = await this.together<Value | null>(this.isFirst ? task : nothing, signal);
    return value as Value;
  }

  /** Tells the others, as far as they can be told, that this process cannot go on. */
  fail(error: unknown): void {
    this.#watch.tell(error);
  }

  /** Leaves when all do: the first process last, because it serves what the others ask. */
  async leave(): Promise<void> {
    if (this.#left) return;
    this.#left = true;
    const { store } = this.#options;
    try {
      store.set(`left-${this.rank}`, 'yes');
      const others = this.isFirst ? this.peers.slice(1) : [];
      const deadline = performance.now() + farewellMilliseconds;
      const stays = (peer: Peer): boolean =>
        store.get(`left-${peer.rank}`) === undefined && gone([peer]).length === 0;
      while (others.some(stays) && performance.now() < deadline) await setTimeout(poll.least);
    } catch {
      // The process that serves the store is gone.
    }
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
    this.#options.collectives[Symbol.dispose]();
    this.#options.store[Symbol.dispose]();
  }

  #attempt<Value>(call: () => Value): Value {
    try {
      return call();
    } catch (error) {
      if (error instanceof PeerFailure) throw error;
      throw this.#watch.failure(messageOf(error));
    }
  }
}

const bytesPerElement = {
  float64: 8,
  int64: 8,
  float32: 4,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
};

function bytesOf({ length, dtype }: Tensor): number {
  return length * (bytesPerElement[dtype as keyof typeof bytesPerElement] ?? 4);
}

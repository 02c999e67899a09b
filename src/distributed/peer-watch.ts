import { messageOf } from '../core/errors.js';
import type { SharedStore } from '../tensor/collective.js';
import { PeerFailure } from './peer-failure.js';
import { gone, mentioned, nameOf, type Peer } from './peers.js';
import { seconds } from './rendezvous.js';

export interface PeerWatchOptions {
  readonly store: SharedStore;
  readonly rank: number;
  readonly peers: readonly Peer[];
  /** For how long a process may be silent. */
  readonly milliseconds: number;
}

const beatMilliseconds = 1000;
/** How long it may take until a process whose connections have closed has told why, or is known to be gone. */
const findOutMilliseconds = 1000;
const pollMilliseconds = 5;

/** Knows what has become of the other processes of a group, and tells them of this one: that it lives, or why it has failed. */
export class PeerWatch implements Disposable {
  readonly #options: PeerWatchOptions;
  readonly #others: readonly Peer[];
  readonly #timer: NodeJS.Timeout;
  #beats = 0;

  constructor(options: PeerWatchOptions) {
    this.#options = options;
    this.#others = options.peers.filter(({ rank }) => rank !== options.rank);
    this.#timer = setInterval(() => this.#beat(), beatMilliseconds).unref();
  }

  /**
   * Tells the others, as far as they can be told, that this process cannot go on, unless one has told its failure before. Gives
   * the error to throw: PeerFailure where another has told the same.
   */
  tell(error: unknown): unknown {
    if (error instanceof PeerFailure) return error;
    const { store, rank } = this.#options;
    const own: Told = { rank, message: messageOf(error) };
    try {
      const first = JSON.parse(store.claim('failure', JSON.stringify(own))) as Told;
      const isRepeated = first.rank !== rank && first.message === own.message;
      return isRepeated ? new PeerFailure(this.#inWords(first), false) : error;
    } catch {
      // The process that serves the store is gone, and the others find out as this one did.
      return error;
    }
  }

  /** Throws PeerFailure when one of those that are waited for is gone, has failed, or was not heard of for too long. */
  requireAlive(waited: readonly Peer[], silence: Silence): void {
    if (gone(waited).length > 0 || this.#told() !== undefined) throw this.failure('');
    const silent = silence.of(waited, (rank) => this.#options.store.get(`beat-${rank}`));
    if (silent === undefined) return;
    throw new PeerFailure(
      `nothing has been heard of ${nameOf(silent)} for ${seconds(this.#options.milliseconds)}: its host or the network to it is down`,
      this.#speaks(),
    );
  }

  /** Why a call could not be done: what a process has told of itself, who is gone, or else what the connection says. */
  failure(message: string): PeerFailure {
    const { told, dead } = this.#findOut();
    // It has told the user itself.
    if (told !== undefined) return new PeerFailure(told, false);
    const [reason] = message.split('\n');
    if (dead.length > 0) {
      return new PeerFailure(
        `${dead.map(nameOf).join(' and ')} ended without a word, as processes do that are killed: by someone, by the launcher, or by the system when it runs short of memory`,
        this.#speaks(),
      );
    }
    if (/timed out/i.test(message)) {
      const limit = seconds(this.#options.milliseconds);
      return new PeerFailure(
        `the processes have not heard of each other for ${limit}: one of them stands still, or the network between them is down`,
        this.#speaks(),
      );
    }
    const at = mentioned(message, this.#others).map(nameOf).join(' or ');
    return new PeerFailure(
      `the processes have lost each other (${at === '' ? '' : `at ${at}: `}${reason})`,
      this.#speaks(),
    );
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const { store, rank } = this.#options;
    this.#beats += 1;
    try {
      store.set(`beat-${rank}`, String(this.#beats));
    } catch {
      // Found out, and told, by the next call.
    }
  }

  /** A process's connections close before it has told why, and before the system says that it is gone. */
  #findOut(): { readonly told: string | undefined; readonly dead: readonly Peer[] } {
    const deadline = performance.now() + findOutMilliseconds;
    for (;;) {
      const [told, dead] = [this.#told(), gone(this.#others)];
      const isKnown = told !== undefined || dead.length > 0;
      if (isKnown || performance.now() > deadline) return { told, dead };
      sleep(pollMilliseconds);
    }
  }

  #told(): string | undefined {
    try {
      const text = this.#options.store.get('failure');
      if (text === undefined) return undefined;
      return this.#inWords(JSON.parse(text) as Told);
    } catch {
      return undefined;
    }
  }

  #inWords({ rank, message }: Told): string {
    return `${nameOf(this.#options.peers[rank]!)} has failed: ${message}`;
  }

  /** Whether it is for this process to tell the user: for the first one, or for the second where that is gone. */
  #speaks(): boolean {
    const { rank, store } = this.#options;
    if (rank !== 1) return rank === 0;
    try {
      store.get('failure');
      return false;
    } catch {
      return true;
    }
  }
}

/** What a process has told of its failure. */
interface Told {
  readonly rank: number;
  readonly message: string;
}

/** For how long each process has been silent. */
export class Silence {
  readonly #limit: number;
  readonly #heard: Map<number, { beat: string | undefined; at: number }>;

  constructor(peers: readonly Peer[], limit: number) {
    const at = performance.now();
    this.#limit = limit;
    this.#heard = new Map(peers.map(({ rank }) => [rank, { beat: undefined, at }]));
  }

  /** The first that has not been heard of for too long. */
  of(peers: readonly Peer[], beatOf: (rank: number) => string | undefined): Peer | undefined {
    const now = performance.now();
    return peers.find(({ rank }) => {
      const heard = this.#heard.get(rank)!;
      const beat = beatOf(rank);
      if (beat === heard.beat) return now - heard.at > this.#limit;
      this.#heard.set(rank, { beat, at: now });
      return false;
    });
  }
}

/** Waits in place, where a collective has just done so. */
function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

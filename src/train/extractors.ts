import { fingerprint, UsageError } from '../core/index.js';
import type { ImageModel } from '../models/index.js';
import { unflatten } from '../nn/index.js';
import {
  hashTensors,
  keep,
  noGrad,
  type RandomGenerator,
  scope,
  type Tensor,
} from '../tensor/index.js';
import type { Trajectories } from './trajectories.js';

/** The state (parameters and buffers) of one network of the pool, before and after its training, by name. */
export interface TrainedPair {
  readonly initial: ReadonlyMap<string, Tensor>;
  readonly trained: ReadonlyMap<string, Tensor>;
}

/** One draw of a feature extractor. */
export type ExtractorChoice = Blend | Snapshot;

/** Between the ends of a network's training. */
export interface Blend {
  /** Which network of the pool. */
  readonly network: number;
  /** Weight of the initial parameters, in [0, 1]: 0 is the trained network, 1 the untrained one. */
  readonly beta: number;
}

/** On the way of a network's training. */
export interface Snapshot {
  /** Which network of the pool. */
  readonly network: number;
  /** Parts of its training that it has had. */
  readonly part: number;
}

/**
 * The pool of feature extractors (the paper's §4.2.1): at every draw one network is picked and its parameters are
 * blended as β·initial + (1 − β)·trained, β ~ U(0, 1), so that matching sees features of every stage of training. The
 * running statistics of batch normalisation are blended alike; they are what matching normalises with, because it runs
 * the network as in evaluation: with a batch's own statistics an image's features would depend on the images beside it
 * and on the chunks that a batch is cut into. Counts of batches are the trained network's. The pool owns the tensors it
 * is given.
 */
export class ExtractorPool implements Disposable {
  /** Of the same networks, where they were kept. */
  readonly trajectories: Trajectories | undefined;
  readonly #networks: readonly TrainedPair[];
  #hash: string | undefined;

  /** Throws UsageError for an empty pool. */
  constructor(networks: readonly TrainedPair[], trajectories?: Trajectories) {
    if (networks.length === 0)
      throw new UsageError(
        'the pool of feature extractors is empty; pretrain at least one network',
      );
    this.#networks = networks;
    this.trajectories = trajectories;
    for (const { initial, trained } of networks) {
      for (const tensor of [...initial.values(), ...trained.values()]) keep(tensor);
    }
  }

  get size(): number {
    return this.#networks.length;
  }

  /** SHA-256 (hex, 16 digits) over all tensors, those of the trajectories among them: another pool has another. */
  get hash(): string {
    this.#hash ??= this.#hashed();
    return this.#hash;
  }

  #hashed(): string {
    const tensors = this.#networks.flatMap(({ initial, trained }) => [...initial, ...trained]);
    const pairs = hashTensors(tensors);
    const { trajectories } = this;
    return trajectories ? fingerprint([pairs, trajectories.hash]) : pairs.slice(0, 16);
  }

  /** Draws a network uniformly and β ~ U(0, 1). */
  draw(random: RandomGenerator): Blend {
    return { network: random.integer(this.size), beta: random.uniform() };
  }

  /** Writes the state of `choice` into `target`, a network of the pool's architecture. */
  writeInto(target: ImageModel, choice: ExtractorChoice): void {
    if ('part' in choice) this.#writeSnapshot(target, choice);
    else this.#writeBlend(target, choice);
  }

  #writeSnapshot(target: ImageModel, { network, part }: Snapshot): void {
    if (this.trajectories === undefined) {
      throw new TypeError(
        "the pool has its networks at the ends of their training only; pretrain it with `trajectories: recordingFor(options)`, the method's",
      );
    }
    using row = this.trajectories.row(network, part);
    const parameters = target.parameters();
    noGrad(() =>
      scope(() => {
        for (const [index, value] of unflatten(row, parameters).entries())
          parameters[index]!.copy_(value);
      }),
    );
  }

  #writeBlend(target: ImageModel, { network, beta }: Blend): void {
    const pair = this.#networks[network];
    if (pair === undefined)
      throw new RangeError(`the pool has ${this.size} networks, there is no network ${network}`);
    noGrad(() => {
      for (const [name, value] of target.state()) {
        scope(() => {
          const trained = required(pair.trained, name);
          const blends = beta !== 0 && isFloating(trained);
          value.copy_(blends ? trained.lerp(required(pair.initial, name), beta) : trained);
        });
      }
    });
  }

  dispose(): void {
    for (const { initial, trained } of this.#networks) {
      for (const tensor of [...initial.values(), ...trained.values()]) tensor.dispose();
    }
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** False for counters, which have nothing between two values. */
function isFloating({ dtype }: Tensor): boolean {
  return dtype === 'float32' || dtype === 'float64';
}

function required(parameters: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const value = parameters.get(name);
  if (value === undefined)
    throw new UsageError(
      `the pool's networks have no tensor '${name}': they are of another architecture`,
    );
  return value;
}

import type { ScheduleState } from '../nn/index.js';
import { Checkpoints } from '../run/index.js';
import { scope, type Tensor, tensor, withoutPrefix, withPrefix } from '../tensor/index.js';
import { CheckpointTimer } from './checkpoint-interval.js';
import type { ResumableTraining, TrainingState } from './training-state.js';

interface Values {
  readonly step: number;
  readonly optimizerStep: number;
  readonly schedule: ScheduleState;
  readonly used: number;
  /** Base64. */
  readonly random: string;
  readonly seconds: number;
}

export interface TrainingCheckpointsOptions {
  readonly folder: string;
  /** Between two checkpoints; null for one only when the training is told to stop. */
  readonly seconds: number | null;
  /** Told the number of steps done when a training goes on. */
  readonly onResume: (step: number) => void;
  /** Told where a damaged checkpoint has been put; the one before it is used, or the training begins anew. */
  readonly onDamaged: (path: string) => void;
}

/**
 * Keeps the training of one network in a folder from time to time, so that it goes on exactly where it was. The folder's
 * name is to tell one training from any other: what is found there is taken to be of this one.
 */
export class TrainingCheckpoints {
  readonly #checkpoints: Checkpoints;
  readonly #timer: CheckpointTimer;
  readonly #options: TrainingCheckpointsOptions;
  readonly #opened = performance.now();
  #earlierSeconds = 0;

  constructor(options: TrainingCheckpointsOptions) {
    const { folder, seconds } = options;
    this.#options = options;
    this.#checkpoints = new Checkpoints(folder);
    this.#timer = new CheckpointTimer({ seconds, iterations: null });
  }

  /** Wall-clock seconds of the training since these were opened, and of earlier processes until they kept it last. */
  get seconds(): number {
    return this.#earlierSeconds + (performance.now() - this.#opened) / 1000;
  }

  /** Puts a training that has not begun where it was kept last; leaves it alone when it was not. */
  restore(training: ResumableTraining): void {
    const stored = this.#checkpoints.latest<Values>(this.#options.onDamaged);
    if (stored === undefined) return;
    try {
      training.setState(stateOf(stored.tensors, stored.values));
    } finally {
      for (const value of stored.tensors.values()) value.dispose();
    }
    this.#earlierSeconds = stored.values.seconds;
    this.#timer.kept(training.steps);
    this.#options.onResume(training.steps);
  }

  /** Keeps the training when its turn has come. */
  afterStep(training: ResumableTraining): void {
    if (this.#timer.due(training.steps)) this.save(training);
  }

  /** Keeps the training as it is now. Throws FailureError when it cannot be written. */
  save(training: ResumableTraining): void {
    const { step, network, optimizer, schedule, stream, random } = training.getState();
    const values: Values = {
      step,
      optimizerStep: optimizer.step,
      schedule,
      used: stream.used,
      random: Buffer.from(random).toString('base64'),
      seconds: this.seconds,
    };
    scope(() => {
      const tensors = new Map<string, Tensor>([
        ['order', tensor(stream.order)],
        ...withPrefix(networkPrefix, network),
        ...withPrefix(optimizerPrefix, optimizer.tensors),
      ]);
      this.#checkpoints.save(step, { identity: {}, tensors, values });
    });
    this.#timer.kept(step);
  }

  /** Deletes what was kept: the training is over. */
  clear(): void {
    this.#checkpoints.clear();
  }
}

const networkPrefix = 'network.';
const optimizerPrefix = 'optimizer.';

function stateOf(tensors: ReadonlyMap<string, Tensor>, values: Values): TrainingState {
  const order = tensors.get('order')!.toArray();
  return {
    step: values.step,
    network: withoutPrefix(networkPrefix, tensors),
    optimizer: { step: values.optimizerStep, tensors: withoutPrefix(optimizerPrefix, tensors) },
    schedule: values.schedule,
    stream: { order: Int32Array.from(order, Number), used: values.used },
    random: Buffer.from(values.random, 'base64'),
  };
}

import type { OptimizerState, ScheduleState } from '../nn/index.js';
import type { Tensor } from '../tensor/index.js';
import type { StreamState } from './shuffled-stream.js';

/** Where a training stands between two steps. The tensors stay its own. */
export interface TrainingState {
  readonly step: number;
  readonly network: ReadonlyMap<string, Tensor>;
  readonly optimizer: OptimizerState;
  readonly schedule: ScheduleState;
  readonly stream: StreamState;
  /** The generator's whole state. */
  readonly random: Uint8Array;
}

/** A training that can be put where another stood. */
export interface ResumableTraining {
  readonly steps: number;
  getState(): TrainingState;
  setState(state: TrainingState): void;
}

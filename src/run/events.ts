/**
 * What a run has to say, as it happens. Loops emit these events and never print; the terminal, the event log and the
 * report all read the same ones. Every event is plain JSON.
 *
 * Conventions: times are wall-clock seconds; accuracies are percent (0 to 100); losses and discrepancies are
 * dimensionless; `network`, `epoch`, `iteration`, `seed`, `repeat`, `repetition` and `step` count from 1 up to the total beside
 * them and name the piece of work just done.
 */
import type { GridCells } from '../core/grid-cells.js';
import type { LifecycleEvent } from './lifecycle-events.js';

/** The three stages of a run, in order, and what may follow on them. */
export type Phase = 'pretrain' | 'distill' | 'evaluate' | 'search';

/** One of several distillations begins, each from a seed of its own. */
export interface RepeatStart {
  readonly type: 'repeat-start';
  readonly repeat: number;
  readonly repeats: number;
  /** Of everything random in this distillation, its pool and its evaluation. */
  readonly seed: number;
}

/** The run of one of several methods that are compared begins. */
export interface MethodStart {
  readonly type: 'method-start';
  readonly method: string;
  /** From 1 up to `methods`. */
  readonly number: number;
  readonly methods: number;
}

export interface PhaseStart {
  readonly type: 'phase-start';
  readonly phase: Phase;
}

export interface PhaseEnd {
  readonly type: 'phase-end';
  readonly phase: Phase;
  /** Duration of the whole stage. */
  readonly seconds: number;
  /** The most main memory that the process has held meanwhile, in bytes; absent where the system does not tell. */
  readonly peak?: number;
}

/** Pictures are decoded into the cache, once; told about fifty times. */
export interface DataDecode {
  readonly type: 'data-decode';
  /** `pets train`. */
  readonly data: string;
  readonly done: number;
  readonly total: number;
}

/** Something that was chosen for the data, or is remarkable about it. */
export interface DataNote {
  readonly type: 'data-note';
  readonly message: string;
}

export interface PretrainNetworkStart {
  readonly type: 'pretrain-network-start';
  readonly network: number;
  /** Size of the pool. */
  readonly networks: number;
}

export interface PretrainResume {
  readonly type: 'pretrain-resume';
  readonly network: number;
  readonly networks: number;
  readonly step: number;
  readonly steps: number;
}

/** One pass over the real training images is done. */
export interface PretrainEpoch {
  readonly type: 'pretrain-epoch';
  readonly network: number;
  readonly networks: number;
  readonly epoch: number;
  readonly epochs: number;
  /** Mean cross-entropy over the epoch, in nats. */
  readonly loss: number;
  /** Accuracy on the training images as they were seen during the epoch, percent. */
  readonly trainAccuracy: number;
  /** Duration of this epoch. */
  readonly seconds: number;
}

export interface PretrainNetworkEnd {
  readonly type: 'pretrain-network-end';
  readonly network: number;
  readonly networks: number;
  /** Percent; absent when the network was not tested. */
  readonly testAccuracy?: number;
  /** Duration of this network's whole training. */
  readonly seconds: number;
}

/** An earlier run had already trained networks of this pool, so they were loaded instead. */
export interface PretrainReused {
  readonly type: 'pretrain-reused';
  /** How many were loaded. */
  readonly networks: number;
  /** The folder they were read from. */
  readonly path: string;
}

export interface DistillStart {
  readonly type: 'distill-start';
  readonly method: string;
  readonly iterations: number;
  readonly imagesPerClass: number;
  readonly classes: number;
  /** Images in the distilled set: `imagesPerClass × classes`. */
  readonly storedImages: number;
  /** Training images after decoding; with formation mode single `storedImages × factor²`. */
  readonly decodedImages: number;
}

/** A distillation that was stopped goes on from a checkpoint. Iterations told after the checkpoint was taken are repeated. */
export interface DistillResume {
  readonly type: 'distill-resume';
  readonly iteration: number;
  /** The checkpoint. */
  readonly path: string;
}

export interface DistillIteration {
  readonly type: 'distill-iteration';
  readonly iteration: number;
  readonly iterations: number;
  /** What the images descend, or a choice of images made small: of NCFM the discrepancy, averaged over the classes; ≥ 0. */
  readonly loss: number;
  /**
   * Other figures of the method's, by their names. Of NCFM: `fineTuningLoss`, in nats; `frequencyScale`, σ of the
   * frequencies; with a sampling network `samplingObjective`, and `leastScale` and `largestScale` of its mixture, relative to σ.
   */
  readonly terms: Readonly<Record<string, number>>;
  /** Absent where nothing is learnt. */
  readonly learningRate?: number;
  /** The loss or gradient was not a number, and the iteration was left out. */
  readonly skipped?: true;
  readonly seconds: number;
}

/** Several processes have done the iterations together. */
export interface DistillShared {
  readonly type: 'distill-shared';
  readonly processes: number;
  /** Since these processes began. */
  readonly iterations: number;
  /** That the first of them has sent to others, tensors alone. */
  readonly bytes: number;
}

export interface Snapshot {
  readonly type: 'snapshot';
  readonly iteration: number;
  /** The picture. */
  readonly path: string;
  /** Where its images are; logs of version 1 do not tell. */
  readonly cells?: GridCells;
}

/** Fresh networks will be trained on one set of images, once per seed. */
export interface EvaluateStart {
  readonly type: 'evaluate-start';
  /** Which images: `random` real ones, the `start` of the distillation, its result `ncfm`, or any other label. */
  readonly set: string;
  /** How many networks are trained. */
  readonly seeds: number;
}

export interface EvaluateStep {
  readonly type: 'evaluate-step';
  readonly set: string;
  readonly seed: number;
  readonly step: number;
  readonly steps: number;
  /** Steps that the set's networks have taken together, where several are trained at once. */
  readonly together?: number;
  /** Training cross-entropy of the batch, in nats. */
  readonly loss: number;
}

export interface EvaluateSeedEnd {
  readonly type: 'evaluate-seed-end';
  readonly set: string;
  readonly seed: number;
  /** On the test images after the last step, percent. */
  readonly accuracy: number;
  /** Duration of this network's training and test; 0 where it was reused. */
  readonly seconds: number;
  /** Whether an earlier process has trained it. */
  readonly reused?: true;
}

export interface EvaluateEnd {
  readonly type: 'evaluate-end';
  readonly set: string;
  /** Mean test accuracy over the seeds, percent. */
  readonly mean: number;
  /** Sample standard deviation over the seeds, percentage points; null for a single seed. */
  readonly std: number | null;
  /** Number of seeds. */
  readonly n: number;
}

/** Networks of several architectures will be trained on one set of images. */
export interface SearchStart {
  readonly type: 'search-start';
  /** The proxy that they are trained on (`ncfm`, `random`, `early-stop`), or `whole data`. */
  readonly set: string;
  /** How many architectures. */
  readonly candidates: number;
  readonly steps: number;
}

/** The networks of one architecture are trained and tested. */
export interface SearchCandidate {
  readonly type: 'search-candidate';
  readonly set: string;
  /** `w32-d3-instance-relu-average` */
  readonly candidate: string;
  /** Architectures done, of all. */
  readonly done: number;
  readonly candidates: number;
  /** Mean over its networks, percent; 0 where the training diverged. */
  readonly accuracy: number;
}

/** All architectures are trained on a set, or have been left behind on the way. */
export interface SearchEnd {
  readonly type: 'search-end';
  readonly set: string;
  /** The best architecture, and its accuracy in percent. */
  readonly best: string;
  readonly accuracy: number;
  /** Durations of all trainings together, those of earlier processes too. */
  readonly seconds: number;
}

export interface ContinualStepStart {
  readonly type: 'continual-step-start';
  readonly repetition: number;
  readonly repetitions: number;
  readonly step: number;
  readonly steps: number;
  readonly classes: readonly string[];
  /** How many classes have come, these included. */
  readonly seen: number;
}

export interface ContinualStepEnd {
  readonly type: 'continual-step-end';
  readonly repetition: number;
  readonly repetitions: number;
  readonly step: number;
  readonly steps: number;
  /** On the test images of all classes seen, percent, for each memory. */
  readonly accuracy: { readonly [memory: string]: number };
}

/** A piece of work is done and measured, to tell how much time and memory a run will take. */
export interface Measure {
  readonly type: 'measure';
  /** What is measured: `pretraining`, `distilling`, … */
  readonly work: string;
}

/** Something the user should know that does not stop the run. */
export interface Warning {
  readonly type: 'warning';
  readonly message: string;
}

/** Everything a run can say, told apart by `type`. */
export type RunEvent =
  | MethodStart
  | RepeatStart
  | PhaseStart
  | PhaseEnd
  | DataDecode
  | DataNote
  | PretrainNetworkStart
  | PretrainResume
  | PretrainEpoch
  | PretrainNetworkEnd
  | PretrainReused
  | DistillStart
  | DistillResume
  | DistillShared
  | DistillIteration
  | Snapshot
  | EvaluateStart
  | EvaluateStep
  | EvaluateSeedEnd
  | EvaluateEnd
  | SearchStart
  | SearchCandidate
  | SearchEnd
  | ContinualStepStart
  | ContinualStepEnd
  | Measure
  | Warning
  | LifecycleEvent;

/** Receives each event, in order, on the spot. */
export type EventSink = (event: RunEvent) => void;

/** One sink that passes every event to each of `sinks`, in the order given; with none, events go nowhere. */
export function combine(...sinks: readonly EventSink[]): EventSink {
  return (event) => {
    for (const sink of sinks) sink(event);
  };
}

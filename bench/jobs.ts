import type { engine } from 'ncfm/tensor';
import type { Form, Work } from './methods/cases.js';
import type { Problem } from './settings.js';
import type { GameOptions, Prepared } from './workload.js';

/** What our side is asked to do in a process of its own. */
export type Job = { readonly threads: number } & (
  | { readonly kind: 'threads' }
  | { readonly kind: 'machine' }
  | { readonly kind: 'prepare'; readonly problem: Problem; readonly folder: string }
  | ({ readonly kind: 'iterations' } & IterationsJob)
  | ({ readonly kind: 'loss-input' } & LossJob)
  | ({ readonly kind: 'loss' } & LossJob & { readonly pytorchGradient: string })
  | ({ readonly kind: 'train' } & TrainingJob)
  | { readonly kind: 'overhead'; readonly repeats: number; readonly rounds: number }
  | { readonly kind: 'kernels'; readonly seconds: number; readonly tiny: boolean }
  | ({ readonly kind: 'phases' } & IterationsJob)
  | ({ readonly kind: 'data' } & DataJob)
  | ({ readonly kind: 'method' } & MethodJob)
);

export interface IterationsJob extends GameOptions {
  readonly problem: Problem;
  readonly prepared: Prepared;
  readonly warmUp: number;
  readonly iterations: number;
  /** The CPU when left out; elsewhere iterations are not waited for one by one. */
  readonly device?: string;
}

export interface LossJob {
  readonly problem: Problem;
  readonly prepared: Prepared;
  /** The file of weights, images and frequencies that both sides read. */
  readonly input: string;
}

/** Second order is an inner step of MTT: the parameters' gradient, and the derivatives of its product with a direction. */
export type TrainingTask = 'pretraining' | 'evaluation' | 'second order';

export interface TrainingJob {
  readonly task: TrainingTask;
  readonly problem: Problem;
  readonly prepared: Prepared;
  readonly batchSize: number;
  readonly warmUpSteps: number;
  readonly steps: number;
}

export interface DataJob {
  /** Where generated pictures and images may be put. */
  readonly folder: string;
  readonly tiny: boolean;
}

/** What a job's process measured of itself. */
export interface Footprint {
  readonly peakBytes: number;
}

export interface MachineResult {
  readonly engine: ReturnType<typeof engine>;
  readonly threads: number;
  /** OPENBLAS_CORETYPE as our engine set or found it. */
  readonly coreType: string | null;
  /** Of a product of two float32 matrices, 2048³. */
  readonly peakGflops: number;
  /** Bytes per second read and written by an addition of large arrays. */
  readonly bandwidth: number;
}

/** Seconds of each iteration or step, in order. */
export interface TimedResult extends Footprint {
  readonly seconds: readonly number[];
}

export interface MethodJob {
  readonly problem: Problem;
  readonly prepared: Prepared;
  readonly work: Work;
  readonly form: Form;
  /** At most; at least one is timed. */
  readonly iterations: number;
  /** No iteration is begun that would probably end later. */
  readonly limitSeconds: number;
}

/** The peak is that of the iterations. */
export interface MethodTimes extends TimedResult {
  /** The process's memory when everything was ready for the first iteration. */
  readonly fixedBytes: number;
  /** Of the network. */
  readonly parameters: number;
}

/** PyTorch's, with mean seconds per iteration of each phase. */
export interface PyTorchIterations extends TimedResult {
  /** PyTorch's version. */
  readonly torch: string;
  readonly phases: Readonly<Record<string, number>>;
}

export interface LossResult {
  /** Of each class: discrepancies, then cross-entropies. */
  readonly losses: readonly number[];
  /** ‖ours − PyTorch's‖ / ‖PyTorch's‖ of the gradient of the stored images. */
  readonly gradientDifference: number;
}

export interface KernelResult {
  readonly name: string;
  readonly oursSeconds: number;
  readonly compositionSeconds: number;
}

export interface PhaseResult {
  readonly name: string;
  /** Median over iterations. */
  readonly seconds: number;
}

export interface DataReadingResult {
  /** Pictures of width × height to squares of a side: pictures per second. */
  readonly decoding: {
    readonly width: number;
    readonly height: number;
    readonly side: number;
    /** Into the cache. */
    readonly cached: number;
    /** The same decoding and scaling by sharp alone, into nothing. */
    readonly sharp: number;
    /** As sharp does it unless told otherwise: JPEG's own scaling first, which gives other values. */
    readonly sharpScalingEarly: number;
  };
  /** Images of one class at a time, from the mapped file. */
  readonly batches: readonly {
    readonly shape: readonly [channels: number, height: number, width: number];
    readonly images: number;
    readonly batch: number;
    readonly bytesPerSecond: number;
  }[];
  /** Many images of 8×8. */
  readonly index: {
    readonly images: number;
    /** To make the file, and to open it again. */
    readonly seconds: number;
    readonly secondsAgain: number;
    /** Memory that this took at its most; null where the system does not tell. */
    readonly bytes: number | null;
  };
}

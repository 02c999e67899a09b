import type { engine } from 'ncfm';
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
);

export interface IterationsJob extends GameOptions {
  readonly problem: Problem;
  readonly prepared: Prepared;
  readonly warmUp: number;
  readonly iterations: number;
}

export interface LossJob {
  readonly problem: Problem;
  readonly prepared: Prepared;
  /** The file of weights, images and frequencies that both sides read. */
  readonly input: string;
}

export type TrainingTask = 'pretraining' | 'evaluation';

export interface TrainingJob {
  readonly task: TrainingTask;
  readonly problem: Problem;
  readonly prepared: Prepared;
  readonly batchSize: number;
  readonly warmUpSteps: number;
  readonly steps: number;
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

/** PyTorch's, with mean seconds per iteration of each phase. */
export interface PyTorchIterations extends TimedResult {
  /** PyTorch's version. */
  readonly torch: string;
  readonly phases: Readonly<Record<string, number>>;
}

export interface LossResult {
  /** Of each class. */
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

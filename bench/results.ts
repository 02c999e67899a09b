import type { IterationWork } from './flops.js';
import { iterationWork } from './flops.js';
import type {
  DataReadingResult,
  KernelResult,
  MachineResult,
  PhaseResult,
  TimedResult,
  TrainingTask,
} from './jobs.js';
import type { MethodsResult } from './methods/results.js';
import type { PyTorch, RivalName } from './rivals.js';
import type { Problem } from './settings.js';
import { groupMeans, summarizeTimes } from './statistics.js';
import type { GameOptions } from './workload.js';

/** One side's time and memory for one setting. */
export interface Measurement {
  /** Per iteration: the median, the least and the greatest. */
  readonly seconds: number;
  readonly min: number;
  readonly max: number;
  /** Timings that these are of. */
  readonly count: number;
  /** The process's resident memory at its greatest. */
  readonly peakBytes: number;
  /** Of the mathematical work (see flops.ts), in 10⁹ operations per second, and as a share of the peak of multiply-adds. */
  readonly gflops: number;
  readonly peakFraction: number;
}

/** A rival's, with what is particular to it. */
export interface PyTorchMeasurement extends Measurement, RivalName {
  /** Whether it computes our loss; the time of another one is not compared. */
  readonly same: boolean;
  /** Classes it was timed on, of how many; scaled to all when fewer. */
  readonly timedClasses: number;
  readonly classes: number;
  /** Mean seconds per iteration. */
  readonly phases: Readonly<Record<string, number>>;
}

export interface SettingResult {
  readonly name: string;
  readonly title: string;
  readonly psi: boolean;
  readonly amortise: number;
  readonly ours: Measurement;
  /** In every form. */
  readonly pytorch: readonly PyTorchMeasurement[];
  /** The fastest that computes our loss. */
  readonly best: RivalName;
  /** Its seconds over ours. */
  readonly ratio: number;
}

/** How fast a rival trains networks. */
export interface RivalTraining extends RivalName {
  /** Of a step. */
  readonly seconds: number;
  /** Images per second. */
  readonly speed: number;
}

export interface TrainingResult {
  readonly task: TrainingTask;
  readonly width: number;
  /** Images per second. */
  readonly ours: number;
  /** In every form. */
  readonly pytorch: readonly RivalTraining[];
  /** The fastest of them. */
  readonly best: RivalName;
  /** Ours over its speed. */
  readonly ratio: number;
}

/** Whether a rival computes our loss and gradient, for one shape of images. */
export interface Agreement extends RivalName {
  readonly shape: readonly number[];
  /** Greatest relative difference of a class's loss. */
  readonly lossDifference: number;
  readonly gradientDifference: number;
  /** Whether the differences are its precision's rounding. */
  readonly same: boolean;
}

export interface OverheadResult {
  /** Nanoseconds per addition of two small tensors. */
  readonly ours: number;
  readonly pytorch: number;
}

/** A phase of our iteration with its floor, the time that arithmetic or memory traffic would take at the peak. */
export interface Phase extends PhaseResult {
  readonly floorSeconds: number | null;
  readonly floor: 'arithmetic' | 'bandwidth' | null;
}

export interface Machine extends MachineResult {
  readonly cpu: string;
  readonly memoryBytes: number;
  /** Those that were measured; none where nothing was compared. */
  readonly pytorches: readonly PyTorch[];
}

/** What grows from one iteration to another, alone. */
export type Axis = 'classes' | 'images per class' | 'side' | 'frequencies' | 'threads';

/** One of our iterations of a problem. */
export interface CurvePoint {
  readonly axis: Axis;
  readonly value: number;
  /** The least of the iterations timed. */
  readonly seconds: number;
  /** The process's resident memory at its greatest. */
  readonly peakBytes: number;
}

/** All that a run of the benchmark found. */
export interface BenchResult {
  readonly machine: Machine;
  readonly agreement: readonly Agreement[];
  readonly settings: readonly SettingResult[];
  readonly training: readonly TrainingResult[];
  readonly overhead: OverheadResult | null;
  readonly kernels: readonly KernelResult[];
  readonly phases: readonly Phase[];
  readonly data: DataReadingResult | null;
  readonly curves: readonly CurvePoint[];
  readonly methods: MethodsResult | null;
  /** Measurements that could not be made, each with its reason. */
  readonly failures: readonly string[];
}

/** Sums up timings; iterations that share a draw count as one, by their mean. */
export function measurementOf(
  problem: Problem,
  game: GameOptions,
  { seconds, peakBytes }: TimedResult,
  peakGflops: number,
): Measurement {
  const { median, ...spread } = summarizeTimes(groupMeans(seconds, game.amortise));
  const gflops = iterationWork(problem, game).total.flops / median / 1e9;
  return {
    seconds: median,
    min: spread.min,
    max: spread.max,
    count: spread.count,
    peakBytes,
    gflops,
    peakFraction: gflops / peakGflops,
  };
}

const phaseWork: Readonly<Record<string, keyof IterationWork>> = {
  'real branch': 'real',
  'synthetic forward': 'synthetic',
  'characteristic function': 'characteristic',
  'fine-tuning': 'fineTune',
  frequencies: 'frequencies',
  backward: 'backward',
};

/** The floor of a phase: the longer of its arithmetic at the peak of multiply-adds and its traffic at the measured bandwidth. */
export function withFloor(
  phase: PhaseResult,
  work: IterationWork,
  { peakGflops, bandwidth }: Pick<MachineResult, 'peakGflops' | 'bandwidth'>,
): Phase {
  const name = phaseWork[phase.name];
  if (name === undefined || work[name].flops === 0) {
    return { ...phase, floorSeconds: null, floor: null };
  }
  const arithmetic = work[name].flops / (peakGflops * 1e9);
  const traffic = work[name].bytes / bandwidth;
  return arithmetic >= traffic
    ? { ...phase, floorSeconds: arithmetic, floor: 'arithmetic' }
    : { ...phase, floorSeconds: traffic, floor: 'bandwidth' };
}

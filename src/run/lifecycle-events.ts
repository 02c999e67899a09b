/**
 * What every kind of run tells of itself as a whole: what it is, that it lives, and how it ended. Durations are wall-clock
 * seconds, sizes bytes.
 */

/** The version of the log's format. Logs of version 1 have no `run-start`, no sequence numbers and absolute paths. */
export const eventFormatVersion = 2;

/** The kinds of work that a run's directory keeps the events of. */
export type Task = 'run' | 'distill' | 'evaluate' | 'label' | 'compare' | 'search' | 'continual';

/** A method as those name it who know it by its name alone. */
export interface MethodName {
  /** As configurations have it: `ncfm`. */
  readonly name: string;
  /** As documents have it: `NCFM`. */
  readonly title: string;
  /** What `loss` of an iteration is, in words: `discrepancy`. */
  readonly loss: string;
}

/** What the work is done with. */
export interface Machine {
  /** Operating system and processor family: `linux-x64`. */
  readonly platform: string;
  /** The processor as it names itself. */
  readonly cpu: string;
  /** Processors of the system, hyper-threads included. */
  readonly processors: number;
  /** Main memory of the system, in bytes. */
  readonly memory: number;
  /** Threads that one tensor operation may use. */
  readonly threads: number;
  /** `cpu`, `cuda`, … */
  readonly device: string;
  readonly versions: { readonly ncfm: string; readonly node: string; readonly libtorch: string };
}

/** A process begins, or goes on with, a run. */
export interface RunStart {
  readonly type: 'run-start';
  readonly formatVersion: typeof eventFormatVersion;
  readonly task: Task;
  /** Every setting, as the configuration has it after all defaults; of a comparison that of its first method. */
  readonly plan: object;
  /** The methods that will distil: one, but in a comparison. */
  readonly methods: readonly MethodName[];
  /** Names of the data's classes, in order; absent where the data is not open yet. */
  readonly classes?: readonly string[];
  readonly machine: Machine;
}

/** Told at the start and every few seconds: that the process lives, and what it takes. */
export interface SystemFigures {
  readonly type: 'system';
  /** Main memory that the process holds. */
  readonly memory: number;
  /** Processors that the process has kept busy since the last time, on average: 2 for two whole ones. */
  readonly cpu: number;
  /** Main memory that the system has free. */
  readonly free: number;
}

/** The run is done. */
export interface RunEnd {
  readonly type: 'run-end';
  /** Duration of the whole run, from this process's start of it. */
  readonly seconds: number;
}

/** The user or the system had the run stop; it can go on. */
export interface RunStopped {
  readonly type: 'run-stopped';
  readonly message: string;
  readonly seconds: number;
}

/** Something was wrong; what had been done is kept. */
export interface RunFailed {
  readonly type: 'run-failed';
  readonly message: string;
  readonly seconds: number;
}

export type LifecycleEvent = RunStart | SystemFigures | RunEnd | RunStopped | RunFailed;

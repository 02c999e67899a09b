/**
 * What the report and the studio show of runs, as JSON: all that the page is told. Accuracies are percent, durations
 * wall-clock seconds, sizes bytes.
 */
import type { Task } from '../run/lifecycle-events.js';

/** `dead`: neither ended nor alive, as after a kill. */
export type RunState = 'running' | 'stopped' | 'failed' | 'done' | 'dead';

/** A run as a list shows it. */
export interface RunSummary {
  /** Its folder's path from that of the runs: `digits`, `digits-compare/dm`. */
  readonly name: string;
  readonly task: Task;
  readonly state: RunState;
  /** Why it has failed, or was stopped. */
  readonly message?: string;
  /** Titles of its methods. */
  readonly methods: readonly string[];
  readonly dataset?: string;
  readonly imagesPerClass?: number;
  /** Where the work under way stands. */
  readonly progress?: ProgressView;
  /** Of networks trained on the distilled set. */
  readonly accuracy?: AccuracyView;
  /** ISO 8601, UTC. */
  readonly began?: string;
  /** When it has told something last. */
  readonly told?: string;
}

export interface ProgressView {
  /** `distill`, `evaluate distilled`, … */
  readonly label: string;
  readonly done: number;
  readonly total: number;
}

export interface AccuracyView {
  readonly mean: number;
  readonly std: number | null;
  readonly n: number;
  readonly interval95?: readonly [low: number, high: number];
}

/** A value over iterations, epochs or seconds; of a long one each point stands for several. */
export interface SeriesView {
  readonly name: string;
  readonly points: readonly SeriesPoint[];
}

export type SeriesPoint = readonly [x: number, mean: number, low: number, high: number];

/** Several series over one axis. */
export interface ChartView {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly SeriesView[];
}

/** The images at one iteration: equal cells without gaps, row by row; a row is a class. */
export interface SnapshotView {
  readonly iteration: number;
  /** The picture's address, a `data:` one in a report. */
  readonly src: string;
  readonly columns: number;
  readonly count: number;
  /** Of one cell, in pixels of the picture. */
  readonly width: number;
  readonly height: number;
}

/** Of every decoded image the nearest real one of its class, in the order of the decoded images. */
export interface NearestView extends Omit<SnapshotView, 'iteration'> {
  /** Decoded images to a stored one. */
  readonly tiles: number;
  /** Root mean squared difference of pixels in [0, 1]. */
  readonly distances: readonly number[];
}

/** What networks learn from one set of images. */
export interface SetView extends AccuracyView {
  readonly name: string;
  /** The accuracy of each network, or of each distillation. */
  readonly trainings: readonly number[];
  readonly over: string;
  readonly topFive?: AccuracyView;
  readonly calibrationError?: AccuracyView;
  /** Of each class, mean over the networks; null for a class without images. */
  readonly perClass?: readonly (number | null)[];
  /** Test images, all networks together: row the class, column the prediction. */
  readonly confusion?: readonly (readonly number[])[];
}

export interface ArchitectureView {
  readonly name: string;
  readonly random: AccuracyView;
  readonly set: AccuracyView;
  readonly advice?: string;
}

export interface StageView {
  readonly name: string;
  readonly seconds: number;
  readonly peak?: number;
}

/** A name and what it is: a setting, a fact of provenance. */
export interface Fact {
  readonly key: string;
  readonly value: string;
}

/** Something the run has told that is to be read. */
export interface Note {
  readonly tone: 'note' | 'warning';
  readonly text: string;
}

/** Something to do with the run, as a command line. */
export interface NextStep {
  readonly title: string;
  readonly command: string;
}

/** A chart that the run has drawn. */
export interface FigureView {
  readonly title: string;
  readonly src: string;
}

/** One row of a comparison of methods. */
export interface MethodRowView {
  readonly title: string;
  readonly error?: string;
  readonly accuracy?: AccuracyView;
  readonly iterations?: number;
  readonly pretrain?: number | null;
  readonly distill?: number;
  readonly peak?: number;
  readonly bytes?: number;
}

/** All that is shown of one run. */
export interface RunView extends RunSummary {
  readonly classes: readonly string[];
  /** Tiles per side of a stored image. */
  readonly factor: number;
  readonly snapshots: readonly SnapshotView[];
  /** Of the set at the end; absent where it was not looked for. */
  readonly nearest?: NearestView;
  /** Loss first, then the method's terms, each a chart of its own. */
  readonly curves: readonly ChartView[];
  /** Networks that are trained, and the process: memory, processors. */
  readonly training: readonly ChartView[];
  readonly system: readonly ChartView[];
  readonly sets: readonly SetView[];
  readonly evaluatedOn?: string;
  readonly architectures: readonly ArchitectureView[];
  readonly methodRows: readonly MethodRowView[];
  readonly figures: readonly FigureView[];
  readonly stages: readonly StageView[];
  readonly settings: readonly Fact[];
  readonly provenance: readonly Fact[];
  readonly notes: readonly Note[];
  readonly next: readonly NextStep[];
  /** Runs that belong to it: of a comparison's methods, or further distillations. */
  readonly members: readonly string[];
}

/** What a report holds: one run, or several that are compared. */
export interface ReportData {
  readonly title: string;
  readonly version: string;
  readonly runs: readonly RunView[];
}

/** What the studio is. */
export interface StudioFacts {
  readonly version: string;
  /** Whether runs can be started, stopped and resumed. */
  readonly hasControl: boolean;
  readonly presets: readonly string[];
}

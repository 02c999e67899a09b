import type { EvaluationProtocol } from '../evaluate/protocol.js';
import type { Manifest } from '../run/index.js';
import type { PipelineResult } from './evaluate-set.js';
import type { MeasuredMethod, MethodFigures } from './method-figures.js';

/** One method of a comparison: its figures, or why it has none. */
export type MethodRow = {
  readonly method: string;
  /** As documents call it. */
  readonly title: string;
  /** Its run, which is one like any other. */
  readonly directory: string;
} & (MethodFigures | { readonly error: string });

/** Methods under one evaluation; accuracies in percent. */
export interface MethodComparison
  extends Pick<PipelineResult, 'dataset' | 'imagesPerClass' | 'evaluatedOn' | 'directory'>,
    Pick<Manifest, 'versions' | 'cpu' | 'threads' | 'device' | 'seed'>,
    Partial<Omit<MeasuredMethod, 'figures'>> {
  readonly formatVersion: 1;
  /** Distillations by each method. */
  readonly repeats: number;
  /** Of pretraining and distilling together, where each method was given as many iterations as fit into them. */
  readonly secondsEach?: number;
  /** How networks are trained on the set of every method; how it is decoded is the method's, and not part of it. */
  readonly protocol: EvaluationProtocol;
  readonly methods: readonly string[];
  /** Of the methods that have been run so far. */
  readonly rows: readonly MethodRow[];
}

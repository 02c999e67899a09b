import type { EvaluationProtocol } from '../../evaluate/protocol.js';
import type { Curve } from './figures.js';

/** What continual learning came to; also the content of `continual.json`. */
export interface ContinualResult {
  readonly dataset: string;
  readonly method: string;
  /** Stored images per class in each memory. */
  readonly imagesPerClass: number;
  /** Accuracies on the test images, or on the held-out ones when the plan holds some out. */
  readonly evaluatedOn: 'test' | 'validation';
  /** How many classes are seen after each step. */
  readonly classesSeen: readonly number[];
  /** The classes of each repetition, in the order they came. */
  readonly classOrders: readonly (readonly string[])[];
  readonly curves: readonly Curve[];
  readonly protocol: EvaluationProtocol;
}

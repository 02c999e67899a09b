import type { Tensor } from '../../tensor/index.js';

/** What a file holds, in the file's order; the tensors are the caller's. */
export interface LabelledSet {
  /** [n, c, h, w] in [0, 1] */
  readonly images: Tensor;
  /** Classes [n], int64. */
  readonly labels: Tensor;
  /** Soft labels [n, classes]. */
  readonly probabilities?: Tensor | undefined;
  /** By class number; absent where there are numbers only. */
  readonly classNames?: readonly string[] | undefined;
}

export function disposeSet({ images, labels, probabilities }: LabelledSet): void {
  for (const tensor of [images, labels, probabilities]) tensor?.dispose();
}

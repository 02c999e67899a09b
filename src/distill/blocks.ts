import type { Span } from '../core/spans.js';
import { cat, type Tensor } from '../tensor/index.js';
import type { SyntheticImages } from './synthetic.js';

/** The rows of some classes, of a tensor that has equally many of each; a view. */
export function rowsOf(values: Tensor, { start, length }: Span, classes: number): Tensor {
  const perClass = values.size(0) / classes;
  return values.narrow(0, start * perClass, length * perClass);
}

/** Some classes' stored images, as a leaf of its own: a slice of the whole would get a gradient of the whole's size. */
export function storedImages(synthetic: SyntheticImages, span: Span): Tensor {
  return rowsOf(synthetic.images, span, synthetic.classes).detach().setRequiresGrad(true);
}

export function joined(parts: readonly Tensor[]): Tensor {
  return parts.length === 1 ? parts[0]! : cat(parts);
}

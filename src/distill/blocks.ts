import type { Span } from '../core/spans.js';
import { cat, type Tensor, zeros } from '../tensor/index.js';
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

/** The gradients of blocks of classes with respect to their stored images, in one; without rows where there is no block. */
export function joinedImages(
  blocks: readonly { readonly images: Tensor }[],
  { images }: SyntheticImages,
): Tensor {
  if (blocks.length > 0) return joined(blocks.map((block) => block.images));
  return zeros([0, ...images.shape.slice(1)], { device: images.device });
}

/** The sum of values of the same shape; 0 where there are none. */
export function totalOf(values: readonly Tensor[], { images }: SyntheticImages): Tensor {
  const [first, ...others] = values;
  if (first === undefined) return zeros([], { device: images.device });
  return others.reduce((sum, value) => sum.add(value), first);
}

export function joined(parts: readonly Tensor[]): Tensor {
  return parts.length === 1 ? parts[0]! : cat(parts);
}

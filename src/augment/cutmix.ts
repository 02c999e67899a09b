import { noGrad, type RandomGenerator, scope, type Tensor, tensorOn } from '../tensor/index.js';
import { batchSize } from './images.js';
import { drawRectangle } from './rectangle.js';
import { drawUniforms } from './uniforms.js';

/** A batch in which every image carries a rectangle of another one. */
export interface CutMix {
  /** [n, c, h, w] */
  readonly images: Tensor;
  /** For every image the index of the one its rectangle comes from: int64 [n], a permutation, on the images' device. */
  readonly partner: Tensor;
  /** The fraction of an image's pixels that are its own, in [0, 1]. */
  readonly weight: number;
}

/**
 * CutMix (Yun et al., ICCV 2019): replaces one rectangle, the same in the whole batch, by that of a partner image. The
 * rectangle covers a fraction of the image uniform in [0, 1) (the paper's λ with Beta(1, 1)) before it is clipped at
 * the border. The loss of the result is `weight · loss(labels) + (1 − weight) · loss(labels[partner])`. Records no
 * gradient; the caller owns both tensors.
 */
export function cutMix(images: Tensor, { random }: { readonly random: RandomGenerator }): CutMix {
  const { images: count, height, width } = batchSize(images);
  const next = drawUniforms(random, 3);
  const side = Math.sqrt(next());
  const { top, bottom, left, right } = drawRectangle(
    { height, width },
    { height: Math.round(side * height), width: Math.round(side * width) },
    next,
  );
  const order = Array.from(random.permutation(count));
  const pixels = (bottom - top) * (right - left);
  return noGrad(() =>
    scope(() => {
      const partner = tensorOn(images.device, order, [count], 'int64');
      const mixed = images.clone();
      const rectangle = (x: Tensor): Tensor =>
        x.narrow(2, top, bottom - top).narrow(3, left, right - left);
      rectangle(mixed).copy_(rectangle(images).indexSelect(0, partner));
      return { images: mixed, partner, weight: 1 - pixels / (height * width) };
    }),
  );
}

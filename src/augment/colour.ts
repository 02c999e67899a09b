import type { Tensor } from '../tensor/index.js';
import { requireStrength } from './images.js';
import { addcmul, constantLike } from './operators.js';
import type { Uniforms } from './uniforms.js';

/** How strongly colours are changed; with u uniform in [0, 1), drawn afresh for each number. */
export interface ColourOptions {
  /** Adds (u − 1/2) · brightness to every pixel; null or 0: off. */
  readonly brightness: number | null;
  /** Multiplies each pixel's distance from the mean of its channels by u · saturation; null or 0: off. */
  readonly saturation: number | null;
  /** Multiplies each value's distance from the image's mean by u + contrast; null: off. */
  readonly contrast: number | null;
}

/** One draw of the colour change: brightness is added, saturation and contrast are factors (0, 1, 1 change nothing). */
export interface ColourTransform {
  readonly brightness: number;
  readonly saturation: number;
  readonly contrast: number;
}

/** Throws UsageError when a strength is out of range. */
export function checkColour(options: ColourOptions): void {
  requireStrength('brightness', options.brightness, 0);
  requireStrength('saturation', options.saturation, 0);
  requireStrength('contrast', options.contrast, 0);
}

/** Takes three numbers from `next`, whatever is switched off. */
export function drawColour(options: ColourOptions, next: Uniforms): ColourTransform {
  const [brightness, saturation, contrast] = [next(), next(), next()];
  return {
    brightness: (brightness - 0.5) * (options.brightness ?? 0),
    saturation: options.saturation ? saturation * options.saturation : 1,
    contrast: options.contrast === null ? 1 : contrast + options.contrast,
  };
}

/**
 * Brightness, saturation and contrast, in this order, one draw per group of `images` [groups, m, c, h, w].
 * Differentiable. Returns the images themselves when no draw changes anything.
 *
 * With the brightness b, the saturation s, the contrast k, a pixel's mean over its channels m and the image's mean μ,
 * the three steps amount to `k·s · x + k·(1 − s) · m + (1 − k) · μ + b`: one mean and one multiply-add of full size.
 */
export function applyColour(images: Tensor, transforms: readonly ColourTransform[]): Tensor {
  const grey = images.size(2) === 1;
  const saturates = !grey && transforms.some(({ saturation }) => saturation !== 1);
  const contrasts = transforms.some(({ contrast }) => contrast !== 1);
  const brightens = transforms.some(({ brightness }) => brightness !== 0);
  if (!saturates && !contrasts && !brightens) return images;

  const perGroup = (value: (transform: ColourTransform) => number): Tensor =>
    constantLike(transforms.map(value), [transforms.length, 1, 1, 1, 1], images);
  const brightness = perGroup((draw) => draw.brightness);
  if (!saturates && !contrasts) return images.add(brightness);

  const factor = perGroup((draw) => draw.contrast * (grey ? 1 : draw.saturation));
  const pixelMean = saturates ? images.mean([2], true) : null;
  let rest = brightness;
  if (contrasts) {
    const mean = pixelMean === null ? images.mean([2, 3, 4], true) : pixelMean.mean([3, 4], true);
    rest = addcmul(
      rest,
      mean,
      perGroup((draw) => 1 - draw.contrast),
    );
  }
  if (pixelMean !== null) {
    rest = addcmul(
      rest,
      pixelMean,
      perGroup((draw) => draw.contrast * (1 - draw.saturation)),
    );
  }
  return addcmul(rest, images, factor);
}

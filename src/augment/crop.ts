import type { Uniforms } from './uniforms.js';

/**
 * A shift by a whole number of pixels, uniform in ± round(fraction · size): padding by as much on both sides and
 * cropping to the old size at random. 0 when `fraction` is null. Takes one number from `next`.
 */
export function drawShift(size: number, fraction: number | null, next: Uniforms): number {
  const most = Math.round((fraction ?? 0) * size);
  return Math.floor(next() * (2 * most + 1)) - most;
}

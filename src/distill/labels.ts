import { arange, scope, type Tensor } from '../tensor/index.js';

/** Labels of images that come class by class, `perClass` of each: [classes · perClass], int64. */
export function labelsByClass(classes: number, perClass: number, device: string): Tensor {
  return scope(() => arange(classes, { device }).repeatInterleave(perClass, 0));
}

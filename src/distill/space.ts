/**
 * What the images' optimiser steps in, which tells how large a step of plain descent is.
 * - pixels: values in [0, 1], in which they stay
 * - normalised: values divided by the data's deviation, as papers give their learning rates; they stay in [0, 1] as pixels
 * - unbounded: the same, and pixels may leave [0, 1], as in the papers' code
 */
export const spaces = ['pixels', 'normalised', 'unbounded'] as const;
export type Space = (typeof spaces)[number];

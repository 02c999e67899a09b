import { RandomGenerator } from '../../tensor/testing/on-device.js';
import { drawSiamese, dsaSiamese, type SiameseDraw, type SiameseOptions } from '../siamese.js';

/** All families at once. */
export const everything: SiameseOptions = { ...dsaSiamese, choose: 'all' };
/** Each of its changes alone. */
export const single: [string, Partial<SiameseOptions>][] = [
  ['brightness', { brightness: 1 }],
  ['saturation', { saturation: 2 }],
  ['contrast', { contrast: 0.5 }],
  ['crop', { crop: 0.25 }],
  ['cutout', { cutout: 0.5 }],
  ['flip', { flip: true }],
  ['scale', { scale: 1.5 }],
  ['rotation', { rotate: 40 }],
];

export function draw(
  options: SiameseOptions,
  seed: number,
  groups = 3,
  height = 7,
  width = 9,
): SiameseDraw {
  return drawSiamese(options, { groups, height, width, random: new RandomGenerator(seed) });
}

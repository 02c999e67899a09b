import { choice, flag, mapping, strength } from '../core/fields.js';

/** Strengths of the colour augmentations. */
const colour = {
  brightness: strength({ from: 0, to: 10 }).default(null),
  saturation: strength({ from: 0, to: 10 }).default(null),
  contrast: strength({ from: 0, to: 10 }).default(null),
};

const namedAugmentation = "a mapping of keys, or the word 'official' or 'none'";

/** How the images that a network is trained on are augmented. */
export const trainingAugmentation = mapping(
  {
    flip: flag().default(false),
    ...colour,
    crop: strength({ from: 0, to: 1 }).default(null),
    scale: strength({ from: 1, to: 10 }).default(null),
    rotate: strength({ from: 0, to: 180 }).default(null),
    cutout: strength({ from: 0, to: 1 }).default(null),
    geometry: choice(['one', 'all', 'none']).default('none'),
  },
  namedAugmentation,
);

/** How real and synthetic images are augmented alike where they are compared. */
export const matchingAugmentation = mapping(
  {
    ...colour,
    crop: strength({ from: 0, to: 1 }).default(null),
    cutout: strength({ from: 0, to: 1 }).default(null),
    flip: flag().default(false),
  },
  namedAugmentation,
);

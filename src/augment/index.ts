export type { Affine } from './affine.js';
export type { ColourOptions, ColourTransform } from './colour.js';
export { type CutMix, cutMix } from './cutmix.js';
export {
  AugmentationDefinition,
  type AugmentationSource,
  type DrawnValues,
  defineAugmentation,
  type OwnDraw,
  ownAugmentations,
} from './define.js';
export type { ImageSize } from './images.js';
export { denormalize, normalize } from './normalize.js';
export type { Rectangle } from './rectangle.js';
export {
  applySiamese,
  applySiameseRows,
  defaultSiamese,
  drawSiamese,
  dsaSiamese,
  noSiamese,
  type SiameseDraw,
  type SiameseDrawOptions,
  type SiameseOptions,
  type SiameseRows,
  type SiameseTransform,
} from './siamese.js';
export {
  applyTraining,
  augmentBatch,
  drawTraining,
  dsaTraining,
  noAugmentation,
  officialTraining,
  type TrainingAugmentation,
  type TrainingDraw,
  type TrainingDrawOptions,
  type TrainingTransform,
} from './training.js';

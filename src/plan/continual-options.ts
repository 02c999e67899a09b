/**
 * What a memory holds of each class, the same number of images of each.
 * - random, herding, k-centre, forgetting: real images, chosen that way
 * - start: the images that the distillation starts from
 * - distilled: the distilled images
 */
export const memoryKinds = [
  'random',
  'herding',
  'k-centre',
  'forgetting',
  'start',
  'distilled',
] as const;
export type MemoryKind = (typeof memoryKinds)[number];

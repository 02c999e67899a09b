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

/** Class-incremental learning: the classes come in steps, and of each step only the images in a memory stay. */
export interface ContinualOptions {
  /** Equal parts that the classes come in; a divisor of their number. */
  readonly steps: number;
  /** Drawn for each repetition, or the numbers of all classes in the order of all repetitions. */
  readonly classOrder: 'random' | readonly number[];
  /** Repetitions, each with its own order, pools, distillations and networks. */
  readonly seeds: number;
  /** The memories that are compared. */
  readonly memories: readonly MemoryKind[];
  /** Whether the network of each step goes on with the next one's memory too, beside the networks trained from scratch. */
  readonly fineTune: boolean;
  /** Passes of the bound, a network trained on all real images of the classes seen; null for none. */
  readonly jointEpochs: number | null;
}

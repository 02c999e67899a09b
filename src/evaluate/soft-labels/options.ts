import type { ModelOptions } from '../../models/index.js';

/**
 * What networks that are trained on a distilled set learn its classes from.
 * - hard: its labels
 * - static: one distribution per decoded image, given by a teacher to the image as it is
 * - on-the-fly: a teacher's distribution for every batch as the network sees it, augmented and mixed (official code)
 */
export type LabelOptions = { readonly mode: 'hard' } | SoftLabelOptions;

export interface SoftLabelOptions {
  readonly mode: 'static' | 'on-the-fly';
  readonly teacher: TeacherChoice;
  /** Scores of teacher and student are divided by it; above 1 distributions become flatter. */
  readonly temperature: number;
  /** Where the teacher's prediction is wrong, the label counts instead (official code). */
  readonly correctToHard: boolean;
  /** Share of the steps, the last ones, that are trained with the labels instead, in [0, 1]. */
  readonly hardShare: number;
}

/**
 * Who gives soft labels; several networks give the mean of their distributions.
 * - pool: trained networks of the pool of feature extractors
 * - trained: networks trained for this on the real training images, kept in the cache like the pool
 * - file: one network's parameters in a file
 */
export type TeacherChoice =
  | { readonly kind: 'pool'; readonly networks: number | 'all' }
  | {
      readonly kind: 'trained';
      readonly networks: number;
      readonly length: { readonly steps: number } | { readonly epochs: number };
      /** The student's architecture when left out. */
      readonly model?: ModelOptions;
    }
  | {
      readonly kind: 'file';
      /** A state dictionary, .pt or .safetensors. */
      readonly path: string;
      /** The student's architecture when left out. */
      readonly model?: ModelOptions;
    };

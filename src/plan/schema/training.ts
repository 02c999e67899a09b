import { z } from 'zod';
import { choice, flag, integer, list, mapping, number, strength, variants } from './fields.js';
import { ownAugmentation } from './own.js';

const weightDecay = (usual: number) => number({ from: 0, to: 10 }).default(usual);
const learningRate = number({ above: 0, to: 100 });
export const fraction = number({ above: 0, below: 1 });

const adamFields = {
  learningRate,
  betas: z
    .tuple([number({ from: 0, below: 1 }), number({ from: 0, below: 1 })], {
      error: 'a list of two numbers from 0 to below 1',
    })
    .default([0.9, 0.999]),
  epsilon: number({ above: 0, to: 1 }).default(1e-8),
};

/** An optimiser of a network's parameters, or of images. */
export const optimizer = variants(
  'kind',
  ['sgd', 'adam', 'adamw'],
  [
    mapping({
      kind: z.literal('sgd'),
      learningRate,
      momentum: number({ from: 0, below: 1 }).default(0),
      weightDecay: weightDecay(0),
    }),
    mapping({ kind: z.literal('adam'), ...adamFields, weightDecay: weightDecay(0) }),
    mapping({ kind: z.literal('adamw'), ...adamFields, weightDecay: weightDecay(0.01) }),
  ],
);

/** How a learning rate changes over a run. */
export const schedule = variants(
  'kind',
  ['constant', 'cosine', 'multi-step', 'plateau'],
  [
    mapping({ kind: z.literal('constant') }),
    mapping({ kind: z.literal('cosine'), floor: number({ from: 0, to: 1 }).default(0) }),
    mapping({
      kind: z.literal('multi-step'),
      milestones: list(fraction, 'a list of fractions of the run, each above 0 and below 1'),
      factor: number({ above: 0, to: 1 }),
    }),
    mapping({
      kind: z.literal('plateau'),
      factor: fraction,
      patience: integer({ from: 0, to: 1_000_000 }),
    }),
  ],
);

/** Strengths of the colour augmentations. */
export const colour = {
  brightness: strength({ from: 0, to: 10 }).default(null),
  saturation: strength({ from: 0, to: 10 }).default(null),
  contrast: strength({ from: 0, to: 10 }).default(null),
};

/** What an augmentation may be written as. */
export const namedAugmentation = "a mapping of keys, or the word 'official' or 'none'";

const trainingAugmentation = mapping(
  {
    flip: flag().default(false),
    ...colour,
    crop: strength({ from: 0, to: 1 }).default(null),
    scale: strength({ from: 1, to: 10 }).default(null),
    rotate: strength({ from: 0, to: 180 }).default(null),
    cutout: strength({ from: 0, to: 1 }).default(null),
    geometry: choice(['one', 'all', 'none']).default('none'),
    own: z.exactOptional(ownAugmentation),
  },
  namedAugmentation,
);

/** How long a network is trained. */
export function length<Epochs extends z.core.$ZodType>(epochs: Epochs) {
  return z.union([mapping({ steps: integer({ from: 1, to: 100_000_000 }) }), mapping({ epochs })], {
    error: "a mapping with the key 'steps' or the key 'epochs'",
  });
}

/** How networks are trained, on real or on distilled images. */
export const training = {
  batchSize: integer({ from: 1, to: 65_536 }),
  optimizer,
  schedule,
  augmentation: trainingAugmentation,
};

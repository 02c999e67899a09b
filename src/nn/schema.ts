import { z } from 'zod';
import { choice, flag, integer, list, mapping, number, variants } from '../core/fields.js';

const decayFields = (usual: number) => ({
  weightDecay: number({ from: 0, to: 10 }).default(usual),
  decay: choice(['all', 'weights']).default('all'),
});
const learningRate = number({ above: 0, to: 1e6 });
/** A share, both ends excluded. */
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
      ...decayFields(0),
    }),
    mapping({ kind: z.literal('adam'), ...adamFields, ...decayFields(0) }),
    mapping({ kind: z.literal('adamw'), ...adamFields, ...decayFields(0.01) }),
  ],
);

/** How a learning rate changes over a run. */
export const schedule = variants(
  'kind',
  ['constant', 'cosine', 'multi-step', 'plateau'],
  [
    mapping({ kind: z.literal('constant') }),
    mapping({
      kind: z.literal('cosine'),
      floor: number({ from: 0, to: 1 }).default(0),
      span: number({ above: 0, to: 1 }).default(1),
    }),
    mapping({
      kind: z.literal('multi-step'),
      milestones: list(fraction, 'a list of fractions of the run, each above 0 and below 1'),
      factor: number({ above: 0, to: 1 }),
      restart: flag().default(false),
    }),
    mapping({
      kind: z.literal('plateau'),
      factor: fraction,
      patience: integer({ from: 0, to: 1_000_000 }),
    }),
  ],
);
